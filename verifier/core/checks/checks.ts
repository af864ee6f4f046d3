import { decodeBase64, decodeDigests } from '#protocol/bytes/base64.ts';
import { digestAt } from '#protocol/bytes/digest.ts';
import { unitNumber } from '#protocol/checks/check-policy.ts';
import { projectionSeed } from '#protocol/checks/fingerprint.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { LeaseId } from '#protocol/values/ids.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { drawUnits } from '../draws/draw.ts';
import { auditEpoch, epochOf } from '../draws/epochs.ts';
import { kindOf } from '../kinds/kind-of.ts';
import { endLink, takeManifest } from '../link/session.ts';
import type { TaskId, VerifierEvent } from '../state/events.ts';
import type { Arrival, Book, Pending, UnitCheck } from '../state/verifier.ts';
import { heldUnits } from '../state/view.ts';
import { countShard } from '../trust/standing.ts';
import { sendExitChecked, type Turn } from '../turn.ts';
import { fileVerdict } from './verdict.ts';

/** Tries of one execution or download before it is given up, and the first pause between them. */
const TRIES_MAX = 4;
const RETRY_MS = 1_000;

type Check = Extract<HubMessage, { type: 'check' }>;

/**
 * Takes one accepted shard. A shard seen before is answered from what is on disk or still at work;
 * one past the bound of the queue is turned away, and asked for again when there is room.
 */
export function receiveCheck(turn: Turn, check: Check): void {
  const { verifier } = turn;
  const { book } = verifier;
  if (book === undefined || verifier.phase.name !== 'ready') return;
  const { shard, manifest, inputs } = check;
  const { sequence } = shard;
  if (!takeManifest(turn, { ...shard, manifest })) return;
  const digests = decodeDigests(shard.digests, shard.unitCount);
  if (digests === undefined) {
    return endLink(turn, `shard ${sequence} came without a digest for each of its units`);
  }
  const { floorPpm = 0, exit = false, units: disputed } = check;
  const seen = { shard, inputs, digests, floorPpm };
  if (disputed !== undefined) {
    verifier.exitChecks.push({ ...seen, cause: 'dispute', disputed });
    return;
  }
  if (exit) return receiveExitCheck(turn, { ...seen, cause: 'exit' });
  const arrival: Arrival = floorPpm > 0 ? { ...seen, cause: 'assurance' } : seen;
  if (verifier.overflow !== undefined) return;
  if (sequence > book.judged && !isHeld(turn, sequence)) {
    if (heldUnits(verifier) >= verifier.config.queueUnitsMax) {
      verifier.overflow = sequence;
      return;
    }
    verifier.arrivals.push(arrival);
  }
  book.seen = Math.max(book.seen, sequence);
}

/** An exit check waits for an epoch and for its turn; one that is under way is not begun again. */
function receiveExitCheck({ verifier }: Turn, arrival: Arrival): void {
  const { sequence } = arrival.shard;
  const same = ({ cause, shard }: Pick<Pending, 'cause' | 'shard'>) =>
    cause === 'exit' && shard.sequence === sequence;
  if (verifier.exitChecks.some(same) || verifier.queue.some(same)) return;
  verifier.exitChecks.push(arrival);
}

function isHeld({ verifier }: Turn, sequence: number): boolean {
  const newest = verifier.arrivals.at(-1) ?? verifier.queue.at(-1);
  if (newest === undefined || newest.shard.sequence < sequence) return false;
  const held = ({ shard }: { shard: { sequence: number } }) => shard.sequence === sequence;
  return verifier.arrivals.some(held) || verifier.queue.some(held);
}

/** Draws the units of what has arrived, as far as the log holds the commitment to the seed. */
export function drawArrivals(turn: Turn): void {
  const { verifier } = turn;
  const { book } = verifier;
  if (book === undefined || turn.world.now < verifier.diskAfter) return;
  for (;;) {
    const [arrival] = verifier.arrivals;
    if (arrival === undefined) return;
    const { shard } = arrival;
    const epoch = epochOf(turn, book, shard.sequence);
    if (epoch === undefined) return;
    verifier.arrivals.shift();
    book.highest = Math.max(book.highest, shard.sequence);
    book.drawn = Math.max(book.drawn, shard.sequence);
    const counted = { ...shard, workBefore: countShard(verifier.standings, shard) };
    const { floorPpm, ...rest } = arrival;
    const drawn = drawUnits(epoch, counted, floorPpm);
    queueUnits(turn, { ...rest, epoch: epoch.number, n: unitNumber(counted) }, drawn);
  }
}

/**
 * Draws exit checks: of the same draws, what lies under the audit's own rate and was not checked
 * before. Where the seed is revealed already, the open epoch draws anew.
 */
export function drawExitChecks(turn: Turn): void {
  const { verifier } = turn;
  const { book } = verifier;
  if (book === undefined || turn.world.now < verifier.diskAfter) return;
  for (;;) {
    const [audit] = verifier.exitChecks;
    if (audit === undefined) return;
    const { floorPpm, disputed, ...rest } = audit;
    const { shard } = rest;
    const epoch = auditEpoch(turn, book, shard.sequence);
    if (epoch === undefined) return;
    verifier.exitChecks.shift();
    const n = unitNumber(shard);
    if (disputed !== undefined) {
      const urgent = { ...rest, epoch: epoch.number, n, urgent: true as const };
      queueUnits(turn, urgent, disputed);
      continue;
    }
    const usual = epoch.from <= shard.sequence ? drawUnits(epoch, shard) : [];
    const drawn = drawUnits(epoch, shard, floorPpm).filter((unit) => !usual.includes(unit));
    queueUnits(turn, { ...rest, epoch: epoch.number, n }, drawn);
  }
}

/**
 * The units of a shard are open again: what is drawn of it is not judged any more, but for what is
 * at work or asked for by the hub. A cheat that was caught would otherwise keep the verifier busy
 * with all it ever sent.
 */
export function dropVoided({ verifier }: Turn, sequence: number): void {
  if (verifier.arrivals.some(({ shard }) => shard.sequence === sequence)) {
    verifier.voided.add(sequence);
  }
  verifier.queue = verifier.queue.filter((pending) => {
    const { shard, review, urgent } = pending;
    return shard.sequence !== sequence || review !== undefined || urgent === true;
  });
}

/** Puts units at work, but for those that are judged already or at work for another reason. */
export function queueUnits(
  turn: Turn,
  pending: Omit<Pending, 'units'>,
  drawn: readonly number[],
): void {
  const { verifier } = turn;
  const { book } = verifier;
  if (book === undefined) return;
  const { review, urgent } = pending;
  const isDraw = review === undefined && urgent === undefined;
  if (isDraw && verifier.voided.delete(pending.shard.sequence)) return;
  const { lease } = pending.shard;
  if (urgent) for (const unit of drawn) hurry(turn, lease, unit);
  const atWork = verifier.queue.flatMap(({ shard, units }) =>
    shard.lease === lease ? units.map(({ unit }) => unit) : [],
  );
  const units = drawn
    .filter((unit) => findFiled(book, pending.shard, unit) === undefined && !atWork.includes(unit))
    .map(openUnit);
  if (units.length > 0) insert(verifier.queue, { ...pending, units });
  else if (pending.cause === 'exit') sendExitChecked(turn, pending.shard.sequence);
}

/**
 * Others wait for what is found of a unit: where it is drawn already it goes before the rest of its
 * shard, and where it is judged already its verdict is told once more.
 */
function hurry(turn: Turn, lease: LeaseId, unit: number): void {
  const { verifier, effects } = turn;
  const { book, queue, phase } = verifier;
  const filed = book?.verdicts.find(
    ({ signed: { verdict } }) => verdict.lease === lease && verdict.unit === unit,
  );
  if (filed !== undefined && phase.name === 'ready') {
    const message = { type: 'verdict', signed: filed.signed } as const;
    effects.push({ type: 'send', link: phase.link, message });
  }
  for (const [at, pending] of queue.entries()) {
    const check = pending.units.find((each) => each.unit === unit);
    if (pending.shard.lease !== lease || check === undefined) continue;
    pending.units = pending.units.filter((each) => each !== check);
    const rest = pending.units.length === 0 ? [] : [pending];
    queue.splice(at, 1, { ...pending, urgent: true, units: [check] }, ...rest);
    return;
  }
}

/** Judged before, and its verdict is on disk. */
const findFiled = (book: Book, shard: { sequence: number; lease: string }, unit: number) =>
  book.verdicts.find(
    ({ sequence, signed: { verdict } }) =>
      sequence === shard.sequence && verdict.lease === shard.lease && verdict.unit === unit,
  );

const openUnit = (unit: number): UnitCheck => ({
  unit,
  stage: 'waiting',
  tries: 0,
  retryAt: instant(0),
  references: [],
});

function insert(queue: Pending[], pending: Pending): void {
  let place = queue.length;
  while (place > 0 && (queue[place - 1]?.shard.sequence ?? 0) > pending.shard.sequence) place -= 1;
  queue.splice(place, 0, pending);
}

/** Starts work, a few units at a time; what has its evidence at hand is decided first. */
export function startTasks(turn: Turn): void {
  const { verifier, world } = turn;
  if (world.now >= verifier.diskAfter) {
    for (const pending of verifier.queue) {
      for (const check of pending.units) {
        if (check.stage === 'deciding') advance(turn, pending, check);
      }
    }
  }
  if (verifier.phase.name !== 'ready') return;
  while (verifier.tasks.size < verifier.config.tasksMax) {
    const next = pickCheck(turn);
    if (next === undefined) return;
    advance(turn, next.pending, next.check);
    if (next.check.stage === 'waiting') return;
  }
}

/**
 * Half of the work goes to what has waited longest, half to the device that is trusted most: all
 * units of newcomers are checked, and a flood of them must not hold up everybody else. What others
 * wait for with their own opinions comes before both.
 */
function pickCheck(turn: Turn) {
  const { queue } = turn.verifier;
  const asked = queue.filter(({ urgent }) => urgent);
  return pickFrom(turn, asked) ?? pickFrom(turn, queue);
}

function pickFrom({ verifier, world }: Turn, queue: readonly Pending[]) {
  const earliestFirst = verifier.tasks.size % 2 === 0;
  let picked: { pending: Pending; check: UnitCheck } | undefined;
  for (const pending of queue) {
    if (picked !== undefined && pending.n <= picked.pending.n) continue;
    const check = pending.units.find(
      ({ stage, retryAt }) => stage === 'waiting' && retryAt <= world.now,
    );
    if (check === undefined) continue;
    picked = { pending, check };
    if (earliestFirst) return picked;
  }
  return picked;
}

/** Takes the next step of the ladder for one unit. */
function advance(turn: Turn, pending: Pending, check: UnitCheck): void {
  const { verifier, effects } = turn;
  const step = nextStep(turn, pending, check);
  if (step === undefined) return;
  if (step.do === 'decide') return fileVerdict(turn, { pending, check, finding: step.finding });
  const task = verifier.nextTask++;
  const { shard, inputs } = pending;
  const { unit } = check;
  verifier.tasks.set(task, { pending, check });
  const { job, commitment } = shard;
  const hub = verifier.book?.hub;
  if (step.do === 'fingerprint' && hub !== undefined) {
    check.stage = 'claiming';
    const { lease } = shard;
    effects.push({ type: 'fingerprint', task, job, unit, lease, commitment, hub });
    return;
  }
  if (step.do === 'claim') {
    const { lease } = shard;
    check.stage = 'claiming';
    effects.push({ type: 'claim', task, job, unit, lease });
    return;
  }
  const manifest = verifier.manifests.get(shard.job);
  if (manifest === undefined || step.do !== 'execute') return;
  check.stage = 'executing';
  const { claim } = check;
  const claimed =
    step.fresh || claim === undefined || claim === 'unavailable' ? {} : { claim: claim.bytes };
  effects.push({ type: 'execute', task, manifest, inputs, unit, fresh: step.fresh, ...claimed });
}

function nextStep({ verifier }: Turn, { shard, digests }: Pending, check: UnitCheck) {
  const manifest = verifier.manifests.get(shard.job);
  if (manifest === undefined) return undefined;
  return kindOf(manifest).judge({
    provider: shard.provider,
    manifest,
    claimed: digestAt(digests, check.unit - shard.firstUnit),
    references: check.references,
    ...(check.claim === undefined ? {} : { claim: check.claim }),
    ...(check.print === undefined ? {} : { print: check.print }),
    gaveUp: check.failed !== undefined,
  });
}

/** A unit was executed, or could not be. */
export function finishExecution(
  turn: Turn,
  event: Extract<VerifierEvent, { type: 'executed' }>,
): void {
  const found = takeTask(turn, event.task);
  if (found === undefined) return;
  const { pending, check } = found;
  if (event.result.ok) {
    check.references.push(event.result.value);
    check.tries = 0;
  } else if (!retry(turn, check, event.result)) check.failed = event.result.refusal;
  settle(turn, pending, check);
}

/** Bytes that do not hash to the claimed digest are not what the device claimed. */
export function finishClaim(turn: Turn, event: Extract<VerifierEvent, { type: 'claimed' }>): void {
  const found = takeTask(turn, event.task);
  if (found === undefined) return;
  const { pending, check } = found;
  const claimed = digestAt(pending.digests, check.unit - pending.shard.firstUnit);
  if (event.result.ok) {
    check.claim = event.result.value.digest === claimed ? event.result.value : 'unavailable';
  } else if (!retry(turn, check, event.result)) check.claim = 'unavailable';
  settle(turn, pending, check);
}

/** The seed follows from the log entry, which the edge holds to the hub's signature. */
export function finishFingerprint(
  turn: Turn,
  event: Extract<VerifierEvent, { type: 'fingerprinted' }>,
): void {
  const found = takeTask(turn, event.task);
  if (found === undefined) return;
  const { pending, check } = found;
  if (event.result.ok) {
    const { log, logSignature, fingerprint } = event.result.value;
    const bytes = decodeBase64(fingerprint);
    const seed = projectionSeed(logSignature, log.commitment);
    check.print = bytes.ok ? { bytes: bytes.value, seed } : 'unavailable';
  } else if (!retry(turn, check, event.result)) check.print = 'unavailable';
  settle(turn, pending, check);
}

function takeTask({ verifier }: Turn, task: TaskId) {
  const found = verifier.tasks.get(task);
  verifier.tasks.delete(task);
  return found;
}

/** Whether the task is tried again. A hub that is away costs no try. */
function retry({ verifier, world }: Turn, check: UnitCheck, result: Result<unknown>): boolean {
  if (result.ok) return false;
  if (verifier.phase.name === 'ready') check.tries += 1;
  check.retryAt = instant(world.now + RETRY_MS * 4 ** Math.max(0, check.tries - 1));
  const final = result.refusal.code === 'not-found' || result.refusal.code === 'job-unknown';
  return !final && check.tries < TRIES_MAX;
}

/** A decision is filed at once, while its evidence is at hand; more work waits its turn. */
function settle(turn: Turn, pending: Pending, check: UnitCheck): void {
  check.stage = 'waiting';
  const step = nextStep(turn, pending, check);
  if (step?.do !== 'decide') return;
  check.stage = 'deciding';
  if (turn.world.now >= turn.verifier.diskAfter) advance(turn, pending, check);
}
