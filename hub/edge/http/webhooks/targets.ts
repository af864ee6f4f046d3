import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { mayReach } from '../../peering/candidates.ts';

/** Gives the addresses of a name; none where there is no such name. */
export type Resolve = (name: string) => Promise<string[]>;

/** Which targets an operator allows, and who looks names up. */
export interface TargetRules {
  /** Whether private addresses and this machine are allowed, and plain HTTP. */
  isPrivate: boolean;
  resolve: Resolve;
}

/** Where a connection is to be made: an address that was checked. */
export interface Target {
  url: URL;
  address: string;
}

const LOOKUP = { timeout: 2_000, tries: 2 };

/**
 * Asks the name servers of this machine. The system's own look-up has four threads, which the files of
 * the hub share: a name that is answered slowly would hold them.
 */
export const resolveByDns: Resolve = async (name) => {
  const resolver = new Resolver(LOOKUP);
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
};

/** Asks the system, which knows names of this machine and its network as well. */
export const resolveBySystem: Resolve = async (name) => {
  const found = await lookup(name, { all: true, order: 'ipv4first' }).catch(() => []);
  return found.map(({ address }) => address);
};

/**
 * The address that a webhook is sent to. Refused where any address of its name is one of this machine,
 * of a private network, of many or of nobody. Whoever connects takes this address and asks no more, so
 * that a name cannot change meanwhile.
 */
export async function findTarget(url: URL, rules: TargetRules): Promise<Result<Target>> {
  if (url.protocol !== 'https:' && !rules.isPrivate) {
    return refused('give an address with https; what is sent should not be read on its way');
  }
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(name) === 0 ? await rules.resolve(name) : [name];
  const [address] = addresses;
  if (address === undefined) return refused(`no name server knows ${name}; check the name`);
  const isFine = rules.isPrivate || addresses.every((each) => mayReach(each, 'internet'));
  if (isFine) return accept({ url, address });
  return refused(`${name} is not on the internet; an operator allows others by --private-webhooks`);
}

const refused = (message: string): Result<never> => refuse('request-invalid', message, 'url');
