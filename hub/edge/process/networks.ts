import { isIPv4, isIPv6 } from 'node:net';

/**
 * A site gives each of its machines as many IPv6 addresses as it likes, but one network of 64 bits.
 */
const GROUPS = { all: 8, ofNetwork: 4 } as const;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Who bounds count an address as: itself, or its IPv6 network of 64 bits. The address that programs of
 * this machine call from has no name: a proxy on it speaks for everybody. Its others are like those
 * of strangers, for whoever tries the bounds.
 */
export function nameNetwork(found: string | undefined): string | undefined {
  const address = unmapAddress(found ?? '');
  if (isIPv4(address)) return address === '127.0.0.1' ? undefined : address;
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
