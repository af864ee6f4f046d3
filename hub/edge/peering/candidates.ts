import { BlockList, isIP } from 'node:net';

/**
 * To which addresses the seeder may send what a peer names: those of the internet, or also those of
 * the networks this machine is in.
 */
export type Reach = 'internet' | 'networks';

/** Of networks beside the internet: private, shared by a provider, or of one link. */
const NETWORKS = openList({
  ipv4: ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ipv6: ['fc00::/7', 'fe80::/10', 'fec0::/10'],
});
/**
 * This machine, everybody, nobody, and IPv6 addresses that lead to one of IPv4. IPv4 written as IPv6
 * (`::ffff:…`) is found among those of IPv4.
 */
const NOWHERE = openList({
  ipv4: ['0.0.0.0/8', '127.0.0.0/8', '192.0.0.0/24', '198.18.0.0/15', '224.0.0.0/3'],
  ipv6: ['::/96', '64:ff9b::/32', '2001::/32', '2002::/16', 'ff00::/8'],
});

function openList(ranges: Record<'ipv4' | 'ipv6', readonly string[]>): BlockList {
  const list = new BlockList();
  for (const family of ['ipv4', 'ipv6'] as const) {
    for (const range of ranges[family]) {
      const [address = '', bits] = range.split('/');
      list.addSubnet(address, Number(bits), family);
    }
  }
  return list;
}

/** Where the addresses lie that a hub's seeder tries: it listens on an own network, or anywhere else. */
export const reachOf = (host: string, isLan: boolean): Reach => {
  const version = isIP(host);
  const isOnNetwork = version !== 0 && NETWORKS.check(host, version === 4 ? 'ipv4' : 'ipv6');
  return isLan || isOnNetwork ? 'networks' : 'internet';
};

/** Whether the seeder may send to an address; a name other than those of mDNS is never looked up. */
export function mayReach(address: string, reach: Reach): boolean {
  const version = isIP(address);
  if (version === 0) return reach === 'networks' && /^[\w-]{1,64}\.local$/i.test(address);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (NOWHERE.check(address, family)) return false;
  return reach === 'networks' || !NETWORKS.check(address, family);
}

/** `candidate:foundation component transport priority address port typ …` (RFC 8839). */
const CANDIDATE = /^(?:a=)?candidate:\S+ \d+ \S+ \d+ (\S+) \d+ typ /;

/** Whether a candidate of a peer may be tried. The empty one says that no more come. */
export function mayTry(candidate: string, reach: Reach): boolean {
  const [, address] = CANDIDATE.exec(candidate) ?? [];
  return candidate === '' || (address !== undefined && mayReach(address, reach));
}

/** A description without the candidates that may not be tried. */
export const cutCandidates = (sdp: string, reach: Reach): string =>
  sdp
    .split(/\r\n|\r|\n/)
    .filter((line) => !/^\s*a\s*=\s*candidate/i.test(line) || mayTry(line, reach))
    .join('\r\n');
