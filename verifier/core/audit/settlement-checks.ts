import { decodeBase58 } from '#protocol/bytes/base58.ts';
import type { SignedVerdict, Verdict } from '#protocol/records/records.ts';
import { KEY_BYTES } from '#protocol/settlement/layout.ts';
import type { PayoutView } from '#protocol/settlement/money-api.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Verify } from './evidence.ts';

/**
 * `leaves`: the file is not what the chain says; `facts`: the public facts come to another file; `shard`: pay for
 * what is not in the log as it says; `payout`: an address that its device did not sign; `spared`:
 * pay in spite of a wrong result.
 */
export interface SettlementFault {
  code: 'leaves' | 'facts' | 'shard' | 'payout' | 'spared';
  message: string;
}

/** Addresses that are not signed by their devices: a hub could send anybody's pay elsewhere. */
export function checkPayouts(payouts: readonly PayoutView[], verify: Verify): SettlementFault[] {
  return payouts.flatMap(({ index, record, signature }): SettlementFault[] => {
    const isKey = decodeBase58(record.recipient, KEY_BYTES).ok;
    if (isKey && verify({ key: record.device, context: 'payout', record, signature })) return [];
    const message = `address ${index}, ${record.recipient}, is not signed by device ${record.device}`;
    return [{ code: 'payout', message }];
  });
}

/** One verifier alone bans only where there is no other. */
const QUORUM_OF_SEVERAL = 2;

/**
 * Devices that are paid though as many verifiers as it takes found the same unit wrong, by the same
 * reference. `verifiers`: how many have given verdicts.
 */
export function checkBans(
  facts: MoneyFacts,
  { verdicts, verifiers }: { verdicts: Iterable<SignedVerdict>; verifiers: number },
  verify: Verify,
): SettlementFault[] {
  const banned = new Set(facts.bans.map(({ device }) => device));
  const earning = new Set(facts.shards.map(({ device }) => device));
  const needed = Math.min(QUORUM_OF_SEVERAL, verifiers);
  const against = new Map<string, Set<PublicKey>>();
  const spared = new Map<PublicKey, Verdict>();
  for (const { verdict, signature } of verdicts) {
    const { device, kind, verifier, lease, unit, reference } = verdict;
    if (kind !== 'mismatch' || !earning.has(device) || banned.has(device)) continue;
    if (!verify({ key: verifier, context: 'verdict', record: verdict, signature })) continue;
    const name = `${lease}/${unit}/${reference}`;
    const found = against.get(name) ?? new Set();
    against.set(name, found.add(verifier));
    if (found.size >= needed) spared.set(device, verdict);
  }
  return [...spared].map(([device, { unit, job }]) => ({
    code: 'spared',
    message: `device ${device} is paid, and ${needed} verifiers found unit ${unit} of ${job} wrong`,
  }));
}
