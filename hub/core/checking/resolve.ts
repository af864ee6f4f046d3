import type { Verdict } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { after } from '#protocol/values/units.ts';
import type { Dispute } from '../state/checks.ts';
import type { FactOf } from '../state/fact-lists.ts';
import type { Fact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';
import { isBanned, isOpen, unitName } from '../state/questions.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { suspend } from '../trust/suspensions.ts';
import { store, type Turn } from '../turn.ts';
import { isHeard, opinionsOn, weighOpinions } from './disputes.ts';
import { voidShards } from './void.ts';

/** How often a unit is computed again because verifiers do not agree on it. */
const TIES_MAX = 2;

type Outcome = FactOf<'resolved'>['outcome'];

/** Decides what follows from verdicts that are on disk, where their units are not in dispute. */
export function resolveVerdicts(turn: Turn): void {
  const { disputes, unresolved } = turn.hub;
  for (const [name, verdict] of unresolved) if (!disputes.has(name)) resolveVerdict(turn, verdict);
}

/** The same for the unit of one verdict. */
export function resolveVerdict(turn: Turn, verdict: Verdict): void {
  const { hub } = turn;
  const name = unitName(verdict);
  if (!hub.unresolved.has(name) || hub.disputes.has(name)) return;
  const said = hub.opinions.get(name) ?? [verdict];
  const { outcome, faulty } = weighOpinions(hub, said);
  if (outcome !== undefined) writeResolution(turn, { said, about: verdict, outcome, faulty });
}

/** Decides each dispute on which all have spoken, or have had their time. */
export function resolveDisputes(turn: Turn): void {
  for (const dispute of turn.hub.disputes.values()) {
    if (!isHeard(turn, dispute)) continue;
    const said = opinionsOn(turn.hub, dispute);
    const { outcome = 'right', faulty } = weighOpinions(turn.hub, said);
    writeResolution(turn, { said, about: dispute, outcome, faulty });
  }
}

interface Resolution {
  said: readonly Verdict[];
  about: Pick<Dispute, 'job' | 'lease' | 'unit' | 'device'>;
  outcome: Outcome;
  /** Verifiers that the majority contradicts. */
  faulty: readonly PublicKey[];
}

/** Writes down how a unit is resolved, with all that follows from it, in one write. */
function writeResolution(turn: Turn, resolution: Resolution): void {
  const { hub, world } = turn;
  const { about, outcome, faulty } = resolution;
  const { job, lease, unit } = about;
  if (isUnderway(hub.underway, nameOf.resolution(unitName(about)))) return;
  const faults = faulty.map(
    (verifier) => ({ type: 'verifier-fault', verifier, job, lease, unit, at: world.now }) as const,
  );
  const shard = hub.shards.get(lease);
  const rest = shard === undefined ? [] : consequences(turn, resolution, shard);
  store(turn, [{ type: 'resolved', job, lease, unit, outcome, at: world.now }, ...faults, ...rest]);
}

function consequences(turn: Turn, { said, about, outcome }: Resolution, shard: KeptShard): Fact[] {
  switch (outcome) {
    case 'wrong':
      return banDevice(turn, about);
    case 'unfit': {
      const unfit = said.find(({ kind }) => kind === 'device-unfit');
      return unfit === undefined ? [] : suspendDevice(turn, unfit, shard);
    }
    case 'unconfirmed':
      return voidShards(turn, [shard]);
    case 'tie': {
      const ties = turn.hub.jobs.get(about.job)?.ties.get(about.unit) ?? 0;
      return ties >= TIES_MAX ? [] : voidShards(turn, [shard]);
    }
    case 'right':
      return [];
  }
}

/** A confirmed mismatch: all work of the device in jobs that go on is void, and it stays out. */
function banDevice(turn: Turn, { device, lease, unit }: Resolution['about']): Fact[] {
  const { hub, world } = turn;
  const voids = voidShards(turn, shardsOf(hub, device));
  const isOut = isBanned(hub, device, world.now);
  if (isOut || isUnderway(hub.underway, nameOf.ban(device))) return voids;
  const until = after(world.now, hub.config.barMs);
  const work = { lease, unit };
  return [{ type: 'banned', device, until, work, at: world.now }, ...voids];
}

/** Honest but wrong, as GPUs are: the device loses this model on that provider for a day. */
function suspendDevice(turn: Turn, verdict: Verdict, kept: KeptShard): Fact[] {
  const where = verdict.reason === 'inside' ? 'inside' : 'outputs';
  const same = shardsOf(turn.hub, kept.device).filter(
    (other) => other.package === kept.package && other.provider === kept.provider,
  );
  return [...suspend(turn, kept, where), ...voidShards(turn, same)];
}

/** Shards of a device in jobs that go on. */
function shardsOf(hub: Hub, device: PublicKey): KeptShard[] {
  const jobs = [...hub.openJobs.values()].filter((job) => isOpen(hub, job));
  return jobs.flatMap(({ shards }) =>
    [...shards.values()].filter((kept) => kept.device === device),
  );
}

/** What a banned device had accepted while its ban was on its way is void as well. */
export function voidRest(turn: Turn, device: PublicKey): void {
  const voids = voidShards(turn, shardsOf(turn.hub, device));
  if (voids.length > 0) store(turn, voids);
}
