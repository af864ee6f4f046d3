import type { Verdict } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Dispute } from '../state/checks.ts';
import type { FactOf } from '../state/fact-lists.ts';
import type { Hub } from '../state/hub.ts';
import { isMismatch, quorumOf, unitName } from '../state/questions.ts';
import type { Turn } from '../turn.ts';
import { askOnce } from '../verifiers/ask.ts';

/** How long verifiers may take for an opinion: two runs and a queue fit into it. */
const OPINION_MS = 180_000;
/** How long one that is away is waited for; after a restart of the hub all of them are. */
const AWAY_MS = 30_000;

/** What was said of a unit comes to; undefined while nothing follows from it. */
export interface Weighed {
  outcome: FactOf<'resolved'>['outcome'] | undefined;
  /** Verifiers that the majority contradicts. */
  faulty: readonly PublicKey[];
}

/** What was said of a unit in dispute. */
export const opinionsOn = (hub: Hub, dispute: Dispute): readonly Verdict[] =>
  hub.opinions.get(unitName(dispute)) ?? [];

/**
 * Whether all enrolled verifiers have spoken on a unit in dispute, or have had their time. Those
 * that are away are waited for less where the others agree.
 */
export function isHeard({ hub, world }: Turn, dispute: Dispute): boolean {
  const said = opinionsOn(hub, dispute);
  dispute.since ??= world.now;
  const spoken = new Set(said.map(({ verifier }) => verifier));
  const missing = [...hub.enrolled].filter((key) => !spoken.has(key));
  const waited = world.now - dispute.since;
  if (missing.length === 0 || waited >= OPINION_MS || !said.some(isMismatch)) return true;
  const away = missing.every((key) => !hub.verifiers.has(key));
  return away && waited >= AWAY_MS && weighOpinions(hub, said).outcome !== 'tie';
}

/** What the opinions on one unit come to. */
export function weighOpinions(hub: Hub, opinions: readonly Verdict[]): Weighed {
  const against = opinions.filter(isMismatch);
  const inFavour = opinions.filter(({ kind }) => kind === 'match');
  if (against.length === 0) return { outcome: lesserOutcome(opinions), faulty: [] };
  const agreeing = largestAccord(against);
  if (agreeing.length >= quorumOf(hub) && agreeing.length > inFavour.length) {
    const rest = [...inFavour, ...against].filter((opinion) => !agreeing.includes(opinion));
    return { outcome: 'wrong', faulty: rest.map(({ verifier }) => verifier) };
  }
  if (inFavour.length >= 2 && inFavour.length > against.length) {
    return { outcome: 'right', faulty: against.map(({ verifier }) => verifier) };
  }
  return { outcome: 'tie', faulty: [] };
}

function lesserOutcome(opinions: readonly Verdict[]): Weighed['outcome'] {
  const has = (kind: Verdict['kind']) => opinions.some((opinion) => opinion.kind === kind);
  if (has('device-unfit')) return 'unfit';
  return has('mismatch') ? 'unconfirmed' : undefined;
}

/** Who executes a unit on the exact lane comes to the same bytes: those who did not, guessed. */
function largestAccord(against: readonly Verdict[]): Verdict[] {
  const groups = against.map(({ reference }) =>
    against.filter((other) => other.reference === reference),
  );
  return groups.reduce((most, group) => (group.length > most.length ? group : most), []);
}

/** Each verifier online that has not spoken on a unit in dispute is asked to, once a session. */
export function askOpinions(turn: Turn): void {
  const { hub } = turn;
  for (const [name, dispute] of hub.disputes) {
    const { shard, unit } = dispute;
    const job = hub.jobs.get(dispute.job);
    const spoken = new Set(opinionsOn(hub, dispute).map(({ verifier }) => verifier));
    for (const verifier of hub.verifiers.values()) {
      if (!spoken.has(verifier.key)) askOnce(turn, verifier, { name, job, shard, units: [unit] });
    }
  }
}

/** No exit check of this device counted that came back while a unit of it was in dispute. */
export function askExitChecksAgain(hub: Hub, device: PublicKey): void {
  for (const { unreleased } of hub.openJobs.values()) {
    for (const kept of unreleased.values()) {
      if (kept.device !== device) continue;
      for (const { exitChecksAsked } of hub.verifiers.values())
        exitChecksAsked.delete(kept.sequence);
    }
  }
}
