import { describeReason } from '#protocol/api/sentences.ts';
import { LEAVES_MAX } from '#protocol/settlement/leaf-file.ts';
import type { Funding, LeafFileView, PayoutRequest } from '#protocol/settlement/money-api.ts';
import type { JobId, Root } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { reject, unknownJob } from '../jobs/commands.ts';
import { capProblem, quote } from '../jobs/quote.ts';
import type { HubCommand, RequestId } from '../state/events.ts';
import type { Fact } from '../state/facts.ts';
import type { Job } from '../state/job.ts';
import { describeBan, isEnding, isMoving } from '../state/questions.ts';
import { listUnderway } from '../state/underway.ts';
import { hasBegun } from '../trust/newcomers.ts';
import { probationUnits } from '../trust/probation.ts';
import { jobMoved, store, type Turn } from '../turn.ts';

/** How far a device's clock may be off when it signs. */
const CLOCK_MS = 600_000;
const LINKS_MAX = 16;
const FILES_OF_PERIOD_MAX = 64;
/** How a job moves that was to start as soon as it could. */
export const START_FUNDED = {
  state: 'running',
  reason: why('started-when-funded', {}),
} as const;

const writing = (): Refusal =>
  refusal('busy', 'the same is being written already; ask again in a second');

/** The escrow on the chain holds `funding.amount`. Nothing where that was said before. */
export function fundJob(turn: Turn, job: Job, funding: Funding): Fact[] | Refusal {
  const { id } = job.record;
  if (job.funding !== undefined) return [];
  if (job.state !== 'quoted' || job.manifest === undefined) {
    const message = `a job is funded when it is "quoted", and this one is "${job.state}": ${describeReason(job.reason)}`;
    return refusal('job-state', message);
  }
  if (job.record.unitPrice === '0') {
    return refusal('job-state', 'this job asks for volunteers: there is nothing to fund');
  }
  const dear = capProblem(turn.hub, job);
  if (dear !== undefined) return refusal('price-above-cap', describeReason(dear));
  const missing = BigInt(quote(turn.hub, job, job.manifest).total) - BigInt(funding.amount);
  if (missing > 0n) {
    const message = `${missing} lamports are missing in the escrow ${funding.escrow}: deposit them and ask again`;
    return refusal('job-unfunded', message);
  }
  if (listUnderway(turn.hub.underway, 'job-funded').some((fact) => fact.job === id))
    return writing();
  return [{ type: 'job-funded', job: id, funding }];
}

/** Jobs that were to start as soon as they could, and now can. */
export function startFunded(turn: Turn): void {
  for (const job of turn.hub.openJobs.values()) {
    if (job.state !== 'quoted' || !job.record.autoStart || job.funding === undefined) continue;
    if (isMoving(turn.hub, job) || capProblem(turn.hub, job) !== undefined) continue;
    store(turn, [jobMoved(turn, job, START_FUNDED)]);
  }
}

/** The poster wants the rest, says the chain. Nothing where that was said before, or none is. */
export function closeJob({ hub, world }: Turn, id: JobId): Fact[] | Refusal {
  if (!hub.money.funded.has(id)) return [];
  if (listUnderway(hub.underway, 'job-closing').some((fact) => fact.job === id)) return writing();
  return [{ type: 'job-closing', job: id, at: world.now }];
}

/** What is wrong with the word of a device on its pay, whatever the device. */
export function payoutFault(
  { hub, world }: Turn,
  { record, signature }: PayoutRequest,
): Refusal | undefined {
  const { device: key, at } = record;
  if (!world.verify({ key, context: 'payout', record, signature })) {
    return refusal('signature-wrong', 'a payout is signed by the device that it is for');
  }
  if (Math.abs(world.now - at) > CLOCK_MS) {
    return refusal('request-invalid', 'the payout was signed at another time; set the clock', 'at');
  }
  if (record.hub !== hub.config.hub) {
    const message = 'a payout names the key of the hub that it is for: update, and sign it anew';
    return refusal('payout-refused', message);
  }
  return undefined;
}

/** A device says where it wants its pay. Nothing when it has said the same before. */
export function linkPayout(turn: Turn, payout: PayoutRequest): Fact[] | Refusal {
  const { hub, world } = turn;
  const fault = payoutFault(turn, payout);
  if (fault !== undefined) return fault;
  const { record, signature } = payout;
  const { device: key, at } = record;
  const { payouts = 0, recipient, payoutAt, ban } = hub.deviceRecords.get(key) ?? {};
  if (recipient === record.recipient) return [];
  if (ban !== undefined && ban.until > world.now) {
    return refusal('payout-refused', `this device is banned: ${describeBan(ban)}`);
  }
  if (!hasBegun(hub, key)) {
    const units = Math.max(1, probationUnits(hub.config.checks));
    const message = `this device is on probation; link an address when its first ${units} units are accepted`;
    return refusal('payout-refused', message);
  }
  const links = listUnderway(hub.underway, 'payout-linked').filter(
    ({ payout }) => payout.record.device === key,
  );
  // Signed links are public: an older one, sent again by anybody, must not undo a newer one.
  const newest = Math.max(payoutAt ?? 0, ...links.map(({ payout }) => payout.record.at));
  if (at <= newest) {
    const message = 'a newer address of this device is linked already: sign the link anew';
    return refusal('payout-refused', message);
  }
  if (payouts + links.length >= LINKS_MAX) {
    const message = `this device has linked ${LINKS_MAX} addresses, and may link no more: its pay goes to the newest`;
    return refusal('payout-refused', message);
  }
  const index = hub.money.nextPayout;
  if (index >= LEAVES_MAX) return refusal('payout-refused', 'the tree of claims is full');
  hub.money.nextPayout += 1;
  return [{ type: 'payout-linked', payout: { index, record, signature, at: world.now } }];
}

/**
 * A verifier left a period's leaves, a blob already. Nothing where they are known: the edge looks
 * for older ones in the store first.
 */
export function addLeafFile(
  { hub }: Turn,
  { file, root }: { file: LeafFileView; root: Root },
): Fact[] | Refusal {
  const { files } = hub.money;
  if (files.has(file.dataHash)) return [];
  const underway = listUnderway(hub.underway, 'leaf-file').map((fact) => fact.file);
  if (underway.some(({ dataHash }) => dataHash === file.dataHash)) return writing();
  const all = [...files.values(), ...underway.map(({ period }) => period)];
  if (all.filter((period) => period === file.period).length >= FILES_OF_PERIOD_MAX) {
    const message = `${FILES_OF_PERIOD_MAX} different files of period ${file.period} are here: verifiers must agree on one of them`;
    return refusal('leaves-conflict', message);
  }
  return [{ type: 'leaf-file', file, root }];
}

/** What the chain says of a job's escrow becomes a fact. */
export function changeMoney(
  turn: Turn,
  request: RequestId,
  command: Extract<HubCommand, { type: 'fund' | 'close' }>,
): void {
  const { job: id } = command;
  const job = turn.hub.jobs.get(id);
  // The money of an archived job can be closed; its edge knows whether there is such a job.
  if (job === undefined && command.type === 'fund') return unknownJob(turn, request, id);
  const said =
    command.type === 'fund' && job ? fundJob(turn, job, command.funding) : closeJob(turn, id);
  if (!Array.isArray(said)) return reject(turn, request, { ok: false, refusal: said });
  if (job === undefined) return store(turn, said, { request, job: null });
  const starts = command.type === 'fund' && said.length > 0 && job.record.autoStart;
  const start = starts ? [jobMoved(turn, job, START_FUNDED)] : [];
  // Nobody works for money that is about to be taken out.
  const ends = command.type === 'close' && said.length > 0 && !isEnding(turn.hub, job);
  const reason = why('money-closed', {});
  const end = ends ? [jobMoved(turn, job, { state: 'cancelled', reason })] : [];
  store(turn, [...end, ...said, ...start], { request, job: id });
}
