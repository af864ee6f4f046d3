import { createHmac, randomBytes } from 'node:crypto';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { NetworkLabel } from '../core/events.ts';

/** Addresses that are not of the internet: the machine of the hub, and its local network. */
const LOCAL = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  LOCAL.addSubnet(network, prefix, 'ipv4');
}
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addSubnet('fc00::', 7, 'ipv6');
LOCAL.addSubnet('fe80::', 10, 'ipv6');

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;
const GROUPS_OF_A_SITE = 3;

/**
 * Labels for networks: a keyed hash of the /24 of an IPv4 address, of the /48 of an IPv6 one, and one
 * label for all local addresses. The key is made here and kept nowhere, so that a label says nothing
 * once the hub has ended, and nothing to anybody else before.
 */
export function openNetworkLabels(
  key: Uint8Array = randomBytes(32),
): (address: string | undefined) => NetworkLabel | undefined {
  return (address) => {
    const prefix = address === undefined ? undefined : prefixOf(address);
    if (prefix === undefined) return undefined;
    const mac = createHmac('sha256', key).update(prefix).digest('hex');
    return `network/${mac.slice(0, 32)}`;
  };
}

/** What addresses of one network have in common. */
function prefixOf(found: string): string | undefined {
  const address = unmapAddress(found);
  if (isIPv4(address)) {
    return LOCAL.check(address, 'ipv4') ? 'local' : address.split('.').slice(0, 3).join('.');
  }
  if (!isIPv6(address)) return undefined;
  return LOCAL.check(address, 'ipv6') ? 'local' : firstGroups(address, GROUPS_OF_A_SITE);
}

/** An IPv4 address as such, and an IPv6 address without its zone. */
export function unmapAddress(found: string): string {
  const [address = ''] = (MAPPED.exec(found)?.[1] ?? found).split('%');
  return address;
}

/** The first groups of 16 bits of an IPv6 address, as they are written in one way only. */
export function firstGroups(address: string, count: number): string {
  const [head = [], tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  // An IPv4 address at the end stands for two groups.
  const given = head.length + (tail?.length ?? 0) + (address.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? [] : new Array<string>(GROUPS - given).fill('0');
  const groups = [...head, ...zeros, ...(tail ?? [])].slice(0, count);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
