import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import type { VerdictPage } from '#protocol/api/api.ts';
import type { VerdictKind } from '#protocol/records/records.ts';
import { say } from './language.ts';

/** A verdict as the API shows it. */
export type VerdictEntry = VerdictPage['verdicts'][number];

/** How many verdicts there are of each kind, and by how many verifiers on how many devices. */
export interface VerdictTotals {
  all: number;
  kinds: Record<VerdictKind, number>;
  verifiers: number;
  devices: number;
}

const WORDS: Record<VerdictKind, { label: MessageDescriptor; meaning: MessageDescriptor }> = {
  match: { label: msg`match`, meaning: msg`the verifier computed the same` },
  mismatch: { label: msg`mismatch`, meaning: msg`the verifier computed something else, twice` },
  inconclusive: { label: msg`inconclusive`, meaning: msg`the verifier could not decide` },
  'device-unfit': {
    label: msg`device unfit`,
    meaning: msg`honest, but this device computes wrongly`,
  },
};

/** A kind of verdict in a word or two. */
export const nameVerdict = (kind: VerdictKind): string => say(WORDS[kind].label);

/** What a kind of verdict means. */
export const explainVerdict = (kind: VerdictKind): string => say(WORDS[kind].meaning);

/** Which chip a verdict gets. */
export const VERDICT_TONES = {
  match: 'good',
  mismatch: 'bad',
  inconclusive: 'warn',
  'device-unfit': 'warn',
} as const satisfies Record<VerdictKind, string>;

/** Counts the entries that are loaded. */
export function totalVerdicts(entries: readonly VerdictEntry[]): VerdictTotals {
  const kinds: Record<VerdictKind, number> = {
    match: 0,
    mismatch: 0,
    inconclusive: 0,
    'device-unfit': 0,
  };
  for (const { signed } of entries) kinds[signed.verdict.kind] += 1;
  return {
    all: entries.length,
    kinds,
    verifiers: new Set(entries.map(({ signed }) => signed.verdict.verifier)).size,
    devices: new Set(entries.map(({ signed }) => signed.verdict.device)).size,
  };
}
