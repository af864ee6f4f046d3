import { t } from '@lingui/core/macro';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { ROOTS } from '#protocol/settlement/accounts.ts';
import { isSameKey, type Key } from '#protocol/settlement/layout.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';
import { formatSol } from '../format.ts';
import type { ChainStanding, LeafDifference, Recomputed } from './recompute.ts';

/** A leaf that the facts say otherwise, in words. */
export function describeDifference({ table, index, inFile, byFacts }: LeafDifference): string {
  const [file, facts] = [tellLeaf(inFile), tellLeaf(byFacts)];
  return table === 'claims'
    ? t`Claim ${index}: the file says ${file}, the facts ${facts}.`
    : t`Escrow ${index}: the file says ${file}, the facts ${facts}.`;
}

const tellLeaf = ({ recipient, cumulative }: LeafDifference['inFile']): string =>
  recipient.every((byte) => byte === 0)
    ? t`nothing`
    : t`${formatSol(cumulative)} for ${encodeBase58(recipient)}`;

/** In words: what of a recomputed period the chain says otherwise. Empty where all is the same. */
export function compareRoots(
  { content }: Recomputed,
  { root, spendRoot }: Extract<ChainStanding, { state: 'final' }>,
): string[] {
  const faults: string[] = [];
  const compare = (tell: (mine: string, theirs: string) => string, computed: Key, onChain: Key) => {
    if (!isSameKey(computed, onChain)) faults.push(tell(beginOf(computed), beginOf(onChain)));
  };
  compare(
    (mine, theirs) => t`The claims root computed here is ${mine}, the chain has ${theirs}.`,
    content.claimRoot,
    root.claimRoot,
  );
  compare(
    (mine, theirs) =>
      t`The digest of the leaves computed here is ${mine}, the chain has ${theirs}.`,
    content.dataHash,
    root.dataHash,
  );
  if (spendRoot !== undefined) {
    compare(
      (mine, theirs) => t`The spends root computed here is ${mine}, the chain has ${theirs}.`,
      content.spendRoot,
      spendRoot,
    );
  }
  if (content.total !== root.total) {
    faults.push(
      t`The total computed here is ${formatSol(content.total)}, the chain has ${formatSol(root.total)}.`,
    );
  }
  return faults;
}

const beginOf = (key: Key): string => `${bytesToHex(key).slice(0, 16)}…`;

/** A pool that keeps no root of this period any more proves nothing of it. */
export const standingRefusal = (standing: ChainStanding): Result<never> =>
  standing.state === 'older'
    ? refuse(
        'settlement-root-unknown',
        t`The chain keeps the newest ${ROOTS} roots, and this one is older: recompute a newer one, which covers it.`,
      )
    : refuse(
        'settlement-root-unknown',
        t`The chain has no final root with these leaves: there is nothing to compare with yet.`,
      );
