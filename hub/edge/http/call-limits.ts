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
  /** Takes a call from an API key; undefined where it has no rate. */
  takeCall(key: Pick<KeyView, 'id' | 'name' | 'callsPerMinute'>): TakenCall | undefined;
}

/** How an API key with a rate stands after a call, and how long to wait where too little was left. */
export interface TakenCall {
  limit: number;
  remaining: number;
  /** Until nothing is spent of it any more. */
  resetSeconds: number;
  late: Late | undefined;
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
      const { wait } = addresses({ name, cost, burst: BURST, perSecond: PER_SECOND });
      return late(wait, 'this address has asked for too much at once');
    },
    takeCall({ id, name, callsPerMinute: burst }) {
      if (burst === undefined) return undefined;
      const perSecond = burst / 60;
      const { left, wait } = keys({ name: id, cost: 1, burst, perSecond });
      return {
        limit: burst,
        remaining: Math.floor(left),
        resetSeconds: (burst - left) / perSecond,
        late: late(wait, `the key "${name}" may call ${burst} times a minute`),
      };
    },
  };
}

/** The same as headers of OpenAI's API. */
export const rateHeaders = ({ limit, remaining, resetSeconds }: TakenCall) => ({
  'x-ratelimit-limit-requests': String(limit),
  'x-ratelimit-remaining-requests': String(remaining),
  'x-ratelimit-reset-requests': sayDuration(resetSeconds),
});

/** `20ms`, `1s`, `6m0s`. */
function sayDuration(seconds: number): string {
  if (seconds < 1) return `${Math.ceil(seconds * 1_000)}ms`;
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${whole % 60}s`;
}

function late(seconds: number | undefined, why: string): Late | undefined {
  if (seconds === undefined) return undefined;
  const message = `${why}; ask again in ${seconds} s`;
  return { seconds, refusal: refusal('message-rate', message) };
}

/** Takes from a bucket; gives what is left, and the seconds until there is enough where there is not. */
function openBuckets(now: () => number) {
  const buckets = openBoundedMap<string, { tokens: number; at: number }>(BUCKETS_MAX);
  return (asked: {
    name: string;
    cost: number;
    burst: number;
    perSecond: number;
  }): { left: number; wait: number | undefined } => {
    const { name, cost, burst, perSecond } = asked;
    const at = now();
    const { tokens, at: before } = buckets.get(name) ?? { tokens: burst, at };
    const held = Math.min(burst, tokens + ((at - before) / 1000) * perSecond);
    buckets.delete(name);
    const left = held < cost ? held : held - cost;
    buckets.set(name, { tokens: left, at });
    const missing = held < cost ? (cost - held) / perSecond : undefined;
    return { left, wait: missing === undefined ? undefined : Math.max(1, Math.ceil(missing)) };
  };
}
