import { isIPv4, isIPv6 } from 'node:net';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';

/**
 * What one address may spend at once, and what it gets back. A page of receipts costs 20, for
 * example.
 */
const BURST = 1_000;
const PER_SECOND = 100;
/** Addresses that are remembered; past that the one that called longest ago is forgotten. */
const ADDRESSES_MAX = 10_000;
/**
 * A site gives each of its machines as many IPv6 addresses as it likes, but one network of 64 bits.
 */
const GROUPS = { all: 8, ofNetwork: 4 } as const;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export interface CallLimits {
  /** Takes what a call costs from its address; says how long to wait where too little is left. */
  take(
    address: string | undefined,
    cost: number,
  ): { seconds: number; refusal: Refusal } | undefined;
}

/**
 * A token bucket for each address, for calls that anybody may make and that cost the hub something.
 * This machine itself has none: a proxy on it calls for everybody.
 */
export function openCallLimits(now: () => number = () => performance.now()): CallLimits {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(address, cost) {
      const name = nameBucket(address);
      if (cost === 0 || name === undefined) return undefined;
      const at = now();
      const { tokens, at: before } = buckets.get(name) ?? { tokens: BURST, at };
      const held = Math.min(BURST, tokens + ((at - before) / 1000) * PER_SECOND);
      const left = held < cost ? held : held - cost;
      buckets.delete(name);
      buckets.set(name, { tokens: left, at });
      const [oldest] = buckets.keys();
      if (buckets.size > ADDRESSES_MAX && oldest !== undefined) buckets.delete(oldest);
      if (held >= cost) return undefined;
      const seconds = Math.max(1, Math.ceil((cost - held) / PER_SECOND));
      const message = `this address has asked for too much at once; ask again in ${seconds} s`;
      return { seconds, refusal: refusal('message-rate', message) };
    },
  };
}

function nameBucket(found: string | undefined): string | undefined {
  const address = unmapAddress(found ?? '');
  if (isIPv4(address)) return address.startsWith('127.') ? undefined : address;
  if (!isIPv6(address) || address === '::1') return undefined;
  return firstGroups(address, GROUPS.ofNetwork);
}

/** An IPv4 address as such, and an IPv6 address without its zone. */
function unmapAddress(found: string): string {
  const [address = ''] = (MAPPED.exec(found)?.[1] ?? found).split('%');
  return address;
}

/** The first groups of 16 bits of an IPv6 address, as they are written in one way only. */
function firstGroups(address: string, count: number): string {
  const [head = [], tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  // An IPv4 address at the end stands for two groups.
  const given = head.length + (tail?.length ?? 0) + (address.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? [] : new Array<string>(GROUPS.all - given).fill('0');
  const groups = [...head, ...zeros, ...(tail ?? [])].slice(0, count);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
