import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import type { FairBook, Flow } from '../state/job.ts';

/** What is left on both accounts of a flow, in milliseconds, `leadMs` included. */
export interface Ranked<F extends Flow> {
  flow: F;
  developerMs: number;
  jobMs: number;
}

/** One round, in milliseconds of device time at weight 1. */
export const QUANTUM_MS = 48_000;
/** A paying job gets so many times what a free one gets, and the best paid one at most so many. */
const PAID_WEIGHT = { least: 2, most: 16 } as const;

/** Accounts of deficit round robin, empty as at a start of the hub. */
export const openFairBook = (): FairBook => ({ developers: new Map(), jobs: new Map() });

/**
 * The weight of a job by what it pays for a millisecond of work: 1 where it is free, 2 where it
 * pays
 * `least`, the least of all that pay, and in proportion up to 16.
 */
export const weighPay = (rate: number, least: number): number =>
  rate > 0 ? Math.min(PAID_WEIGHT.most, (PAID_WEIGHT.least * rate) / least) : 1;

/** Puts flows in the order in which a device is offered them, and opens accounts for new ones. */
export function rankFlows<F extends Flow>(book: FairBook, flows: readonly F[]): Ranked<F>[] {
  const stays = new Map<DeveloperId, number>();
  for (const { developer, leadMs } of flows) {
    stays.set(developer, Math.max(leadMs, stays.get(developer) ?? 0));
  }
  openAccounts(book.developers, [...stays.keys()]);
  for (const siblings of groupFlows(flows).values()) {
    openAccounts(book.jobs, siblings);
  }
  const ranked = flows.map((flow) => ({
    flow,
    developerMs: held(book.developers, flow.developer) + (stays.get(flow.developer) ?? 0),
    jobMs: held(book.jobs, flow.id) + flow.leadMs,
  }));
  return ranked.sort(
    (a, b) =>
      Number(isNext(b)) - Number(isNext(a)) ||
      b.developerMs - a.developerMs ||
      (a.flow.developer < b.flow.developer ? -1 : a.flow.developer > b.flow.developer ? 1 : 0) ||
      Number(b.jobMs > 0) - Number(a.jobMs > 0) ||
      dueOf(a) - dueOf(b) ||
      b.jobMs - a.jobMs ||
      deadlineOf(a) - deadlineOf(b),
  );
}

/** A deadline counts while its job has not had its share of this round. */
const dueOf = (ranked: Ranked<Flow>): number => (ranked.jobMs > 0 ? deadlineOf(ranked) : 0);

const deadlineOf = ({ flow }: Ranked<Flow>): number => flow.deadline ?? Number.MAX_SAFE_INTEGER;

/** Somebody waits for its units, and it has not had its share yet. */
const isNext = ({ flow, developerMs, jobMs }: Ranked<Flow>): boolean =>
  flow.isAwaited === true && developerMs > 0 && jobMs > 0;

const held = <K>(accounts: ReadonlyMap<K, number>, key: K): number => accounts.get(key) ?? 0;

function groupFlows(flows: readonly Flow[]): Map<DeveloperId, JobId[]> {
  const groups = new Map<DeveloperId, JobId[]>();
  for (const { developer, id } of flows) {
    const group = groups.get(developer);
    if (group === undefined) groups.set(developer, [id]);
    else group.push(id);
  }
  return groups;
}

/** A new account holds as much as the fullest other: it is served next, and catches up nothing. */
function openAccounts<K>(accounts: Map<K, number>, keys: readonly K[]): void {
  if (keys.every((key) => accounts.has(key))) return;
  const most = keys.reduce((top, key) => Math.max(top, accounts.get(key) ?? 0), 0);
  for (const key of keys) if (!accounts.has(key)) accounts.set(key, most);
}

/**
 * Books device time that was given to a flow, as it was ranked; ends the round before where nothing
 * was left for it. `flows` are all that run: at the end of a round other accounts are closed.
 */
export function chargeFlow(
  book: FairBook,
  { ranked, flows, costMs }: { ranked: Ranked<Flow>; flows: readonly Flow[]; costMs: number },
): void {
  const { flow, developerMs, jobMs } = ranked;
  if (developerMs <= 0) {
    closeOthers(book.developers, new Set(flows.map(({ developer }) => developer)));
    endRound(book.developers, [...book.developers.keys()], developerMs);
  }
  if (jobMs <= 0) {
    closeOthers(book.jobs, new Set(flows.map(({ id }) => id)));
    endRound(book.jobs, groupFlows(flows).get(flow.developer) ?? [], jobMs);
  }
  addTime(book, flow, -costMs);
}

function closeOthers<K>(accounts: Map<K, number>, running: ReadonlySet<K>): void {
  for (const key of accounts.keys()) if (!running.has(key)) accounts.delete(key);
}

/** As many quanta to each as it takes to lift `leastMs` above nothing. */
function endRound<K>(accounts: Map<K, number>, keys: readonly K[], leastMs: number): void {
  const lift = (Math.floor(-leastMs / QUANTUM_MS) + 1) * QUANTUM_MS;
  for (const key of keys) accounts.set(key, Math.min(QUANTUM_MS, held(accounts, key) + lift));
}

/** Gives time back that was charged and not needed. */
export function refundFlow(book: FairBook, flow: Flow, unusedMs: number): void {
  if (book.jobs.has(flow.id)) addTime(book, flow, unusedMs);
}

function addTime(book: FairBook, { id, developer, weight }: Flow, ms: number): void {
  const time = ms / weight;
  const { developers, jobs } = book;
  developers.set(developer, Math.min(QUANTUM_MS, held(developers, developer) + time));
  jobs.set(id, Math.min(QUANTUM_MS, held(jobs, id) + time));
}
