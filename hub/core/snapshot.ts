import type { JobId, PublicKey } from '#protocol/ids.ts';
import type { AcceptedShard } from '#protocol/records.ts';
import type { Instant } from '#protocol/units.ts';
import type { CommittedShard, Fact, Snapshot } from './events.ts';

/** Why a job without a `job-moved` fact stands where it stands: state `checking`. */
export const REASON_CREATED = 'waiting for a verifier to run the model and make known answers';

export type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;
/** All facts of one type, in the order of appending. */
export type SelectFacts = <T extends Fact['type']>(type: T) => FactOf<T>[];

export const selectFacts =
  (facts: readonly Fact[]): SelectFacts =>
  <T extends Fact['type']>(type: T) =>
    facts.filter((fact): fact is FactOf<T> => fact.type === type);

type JobSnapshot = Snapshot['jobs'][number];

const ENDED: readonly JobSnapshot['state'][] = ['done', 'cancelled', 'refused'];

/** Where each job stands after its facts, each list in the order of appending. */
export function projectJobs(facts: {
  created: readonly Omit<FactOf<'job-created'>, 'type'>[];
  packaged: readonly Omit<FactOf<'job-packaged'>, 'type'>[];
  moved: readonly Omit<FactOf<'job-moved'>, 'type'>[];
}): JobSnapshot[] {
  const jobs = new Map<JobId, JobSnapshot>();
  for (const { record, inputDigests } of facts.created) {
    const fresh = { state: 'checking', reason: REASON_CREATED, canaries: [] } as const;
    jobs.set(record.id, { record, inputDigests, ...fresh });
  }
  for (const { job, manifest, canaries } of facts.packaged) {
    const found = jobs.get(job);
    if (found !== undefined) Object.assign(found, { manifest, canaries });
  }
  for (const move of facts.moved) {
    const found = jobs.get(move.job);
    if (found !== undefined) moveJob(found, move);
  }
  return [...jobs.values()];
}

function moveJob(job: JobSnapshot, move: Omit<FactOf<'job-moved'>, 'type'>): void {
  job.state = move.state;
  job.reason = move.reason;
  if (move.state === 'running') job.startedAt ??= move.at;
  if (ENDED.includes(move.state)) job.endedAt = move.at;
  else delete job.endedAt;
  if (move.refusal === undefined) delete job.refusal;
  else job.refusal = move.refusal;
}

/** Jobs that are done or cancelled, in the order of ending, from all moves in order. */
export const endedJobs = (moved: readonly Omit<FactOf<'job-moved'>, 'type'>[]): JobId[] =>
  moved.filter(({ state }) => state === 'done' || state === 'cancelled').map(({ job }) => job);

/** Accepted shards that are not voided, in order of sequence. */
export function liveShards(of: SelectFacts, job?: JobId): FactOf<'accepted'>[] {
  const voided = new Set(of('voided').map((fact) => fact.sequence));
  return of('accepted')
    .filter(({ shard }) => !voided.has(shard.sequence) && (job ?? shard.job) === shard.job)
    .sort((a, b) => a.shard.sequence - b.shard.sequence);
}

/** What a hub needs after a restart, from its facts in order. */
export function projectFacts(of: SelectFacts): Snapshot {
  const committed = of('committed').map((fact) => fact.commitment);
  const accepted = of('accepted').map((fact) => fact.shard);
  const settled = new Set([
    ...accepted.map((shard) => shard.index),
    ...of('lapsed').map((fact) => fact.index),
  ]);
  const voided = new Set(of('voided').map((fact) => fact.sequence));
  const judged = new Map<PublicKey, number>();
  for (const { verifier, through } of of('judged')) {
    judged.set(verifier, Math.max(through, judged.get(verifier) ?? 0));
  }
  const removed = of('verifier-removed').map(({ key }) => key);
  return {
    jobs: projectJobs({
      created: of('job-created'),
      packaged: of('job-packaged'),
      moved: of('job-moved'),
    }),
    accepted: liveShards(of).map((fact) => fact.shard),
    released: of('released').map(({ sequence }) => sequence),
    voided: accepted.filter(({ sequence }) => voided.has(sequence)).sort(bySequence),
    pending: committed.filter(({ entry }) => !settled.has(entry.index)).sort(byIndex),
    verdicts: of('verdict').map((fact) => fact.signed),
    epochs: of('epoch').map((fact) => fact.signed),
    judged: [...judged].sort(byKey).map(([verifier, through]) => ({ verifier, through })),
    barred: of('barred').map(({ type: _, ...ban }) => ban),
    pardons: of('pardoned').map(({ type: _, ...pardon }) => pardon),
    aside: of('set-aside').map(({ type: _, ...aside }) => aside),
    lapses: countLapses(of('lapsed')),
    verifiers: withoutRemoved(
      of('verifier-enrolled').map(({ key }) => key),
      removed,
    ),
    removed,
    faults: of('verifier-fault').map(({ verifier, lease, unit }) => ({ verifier, lease, unit })),
    money: projectMoney(of),
    nextIndex: nextAfter(committed.map(({ entry }) => entry.index)),
    nextSequence: nextAfter(accepted.map((shard) => shard.sequence)),
  };
}

const projectMoney = (of: SelectFacts): Snapshot['money'] => ({
  funded: of('job-funded').map(({ job, funding }) => ({ job, funding })),
  ended: endedJobs(of('job-moved')),
  closings: of('job-closing').map(({ job, at }) => ({ job, at })),
  payouts: of('payout-linked')
    .map(({ payout }) => payout)
    .sort((a, b) => a.index - b.index),
  leafFiles: of('leaf-file').map(({ file, root }) => ({ file, root })),
});

/** Enrolled once, in order, but for those that were removed. */
export const withoutRemoved = (
  enrolled: readonly PublicKey[],
  removed: readonly PublicKey[],
): PublicKey[] => [...new Set(enrolled)].filter((key) => !removed.includes(key));

const nextAfter = (numbers: readonly number[]): number =>
  numbers.reduce((next, number) => Math.max(next, number + 1), 0);

const bySequence = (a: AcceptedShard, b: AcceptedShard) => a.sequence - b.sequence;
const byIndex = (a: CommittedShard, b: CommittedShard) => a.entry.index - b.entry.index;
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : a > b ? 1 : 0;

/** By device: how many of its lapses it is blamed for, and when one last cost its trust. */
export function countLapses(
  facts: readonly Omit<FactOf<'lapsed'>, 'type' | 'index'>[],
): Snapshot['lapses'] {
  const devices = new Map<PublicKey, { count: number; resetAt?: Instant }>();
  for (const { device, blamed, resets, at } of facts) {
    if (!blamed) continue;
    const lapses = devices.get(device) ?? { count: 0 };
    lapses.count += 1;
    if (resets && at > (lapses.resetAt ?? 0)) lapses.resetAt = at;
    devices.set(device, lapses);
  }
  return [...devices].sort(byKey).map(([device, lapses]) => ({ device, ...lapses }));
}
