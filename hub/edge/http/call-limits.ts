import { openBoundedMap } from '#node/bounded-map.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { nameNetwork } from '../process/networks.ts';

/**
 * What one address may spend at once, and what it gets back. A page of receipts costs 20, for
 * example.
 */
const BURST = 1_000;
const PER_SECOND = 100;
/** Addresses that are remembered; past that the one that called longest ago is forgotten. */
const BUCKETS_MAX = 10_000;

export interface CallLimits {
  /** Takes what a call costs from its address; says how long to wait where too little is left. */
  take(address: string | undefined, cost: number): Late | undefined;
  /** Takes a call from an API key, where it has a rate. */
  takeCall(key: Pick<KeyView, 'id' | 'name' | 'callsPerMinute'>): Late | undefined;
}

/** How long to wait, and the refusal that says so. */
interface Late {
  seconds: number;
  refusal: Refusal;
}

/**
 * A token bucket for each address, for calls that anybody may make and that cost the hub something,
 * and one for each API key with a rate. This machine itself has none: a proxy on it calls for
 * everybody.
 */
export function openCallLimits(now: () => number = () => performance.now()): CallLimits {
  const [addresses, keys] = [openBuckets(now), openBuckets(now)];
  return {
    take(address, cost) {
      const name = nameNetwork(address);
      if (cost === 0 || name === undefined) return undefined;
      const missing = addresses({ name, cost, burst: BURST, perSecond: PER_SECOND });
      return late(missing, 'this address has asked for too much at once');
    },
    takeCall({ id, name, callsPerMinute: burst }) {
      if (burst === undefined) return undefined;
      const missing = keys({ name: id, cost: 1, burst, perSecond: burst / 60 });
      return late(missing, `the key "${name}" may call ${burst} times a minute`);
    },
  };
}

function late(seconds: number | undefined, why: string): Late | undefined {
  if (seconds === undefined) return undefined;
  const message = `${why}; ask again in ${seconds} s`;
  return { seconds, refusal: refusal('message-rate', message) };
}

/** Takes from a bucket; gives the seconds until there is enough where there is not. */
function openBuckets(now: () => number) {
  const buckets = openBoundedMap<string, { tokens: number; at: number }>(BUCKETS_MAX);
  return (asked: {
    name: string;
    cost: number;
    burst: number;
    perSecond: number;
  }): number | undefined => {
    const { name, cost, burst, perSecond } = asked;
    const at = now();
    const { tokens, at: before } = buckets.get(name) ?? { tokens: burst, at };
    const held = Math.min(burst, tokens + ((at - before) / 1000) * perSecond);
    buckets.delete(name);
    buckets.set(name, { tokens: held < cost ? held : held - cost, at });
    return held < cost ? Math.max(1, Math.ceil((cost - held) / perSecond)) : undefined;
  };
}
