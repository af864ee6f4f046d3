import fc from 'fast-check';
import { canonicalJson } from '#protocol/bytes/canonical-json.ts';
import { concatBytes } from '#protocol/bytes/digest.ts';
import { ClientMessage, type FrameHead } from '#protocol/messages/control.ts';
import { decodeFrame, encodeFrame } from '#protocol/messages/message-frame.ts';
import type { Lease } from '#protocol/records/records.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { LeaseId } from '#protocol/values/ids.ts';
import { REFUSAL_CODES } from '#protocol/values/refusal.ts';
import { fakeSign } from '../world/fake-signature.ts';
import {
  type BareHub,
  type Client,
  commit,
  commitMessage,
  commitmentOf,
  deliver,
  heard,
  NO_LEASE,
  OTHER_SALT,
  openBareHub,
  preparedHead,
  revealHead,
  SALT,
  verdictOn,
} from './bare-hub.ts';
import { type FuzzCase, fuzzCase, spoilBytes, spoilFields, type Victim } from './cases.ts';

/**
 * Cases in one life of a hub, between two deliveries of the honest device, and between two ticks.
 */
const ROUND = 2_000;
const HONEST_EVERY = 25;
const WAIT_EVERY = 500;
const WAIT_MS = 10_000;
/** Unrevealed commitments after which a liar comes back under a new name; one more would cost it a pause. */
const UNREVEALED_MAX = 2;

export interface FuzzOutcome {
  cases: number;
  /** How often each code was the answer. */
  codes: Map<string, number>;
  /** Units the honest device beside got accepted. */
  honestUnits: number;
  /** What went wrong, with the smallest case that shows it; absent when nothing did. */
  failure?: string;
}

/** One hub, one honest device, one liar after another. */
interface Round {
  grid: BareHub;
  honest: Client;
  honestLease: Lease;
  liar: Client;
  lease: Lease;
  unrevealed: number;
  /** A lease that ended, and one its liar committed to before. */
  ended: LeaseId;
  verdict: { type: 'verdict'; signed: unknown };
  cases: number;
  /** How many facts were read, and the types of those that should not come of lies. */
  read: { facts: number; others: string };
}

/** A message as it goes out. */
type Shot = { from: Client; text: string } | { from: Client; frame: Uint8Array };

/** Sends `count` spoiled messages; the same seed sends the same. */
export function runFuzz({ seed, count }: { seed: number; count: number }): FuzzOutcome {
  const outcome: FuzzOutcome = { cases: 0, codes: new Map(), honestUnits: 0 };
  for (let round = 0; outcome.cases < count && outcome.failure === undefined; round += 1) {
    const numRuns = Math.min(ROUND, count - outcome.cases);
    const roundSeed = (seed + round * 7919) | 0;
    const state = openRound(roundSeed);
    const property = fc.property(fuzzCase, (drawn) => fire(state, drawn, outcome));
    const found = fc.check(property, { seed: roundSeed, numRuns, endOnFailure: true });
    outcome.cases += found.numRuns;
    outcome.honestUnits += state.grid.view().accepted;
    if (!found.failed) continue;
    const [smallest] = found.counterexample ?? [];
    outcome.failure = `round ${round}: ${JSON.stringify(smallest)}: ${found.errorInstance}`;
  }
  return outcome;
}

function openRound(seed: number): Round {
  const grid = openBareHub(seed, 4_000);
  const { client: honest, lease: honestLease } = grid.lend();
  deliver(honest, honestLease, grid.compute(honestLease));
  const shard = heard(grid.verifier, 'check')?.shard;
  if (shard === undefined) throw new Error('the first shard was not accepted');
  const record = verdictOn(grid.verifier.key, shard, grid.compute(honestLease));
  const signature = fakeSign(grid.verifier.key, 'verdict', record);
  const { client: liar, lease } = grid.lend();
  const round: Round = {
    grid,
    honest,
    honestLease,
    liar,
    lease,
    unrevealed: 0,
    ended: honestLease.id,
    verdict: { type: 'verdict', signed: { verdict: record, signature } },
    cases: 0,
    read: { facts: 0, others: '' },
  };
  round.honestLease = askAgain(honest);
  return round;
}

/** All that was accepted is judged: a device gets no more while too much of its work is not. */
function judge({ verifier }: BareHub): void {
  const through = heard(verifier, 'check')?.shard.sequence;
  if (through !== undefined) verifier.say({ type: 'judged', through });
}

function askAgain(client: Client): Lease {
  client.heard.length = 0;
  client.say({ type: 'request' });
  const lease = heard(client, 'lease')?.lease;
  if (lease === undefined) throw new Error('the honest device gets no work any more');
  return lease;
}

/** Sends one case and throws when the hub does anything but turn it down. */
function fire(round: Round, drawn: FuzzCase, outcome: FuzzOutcome): void {
  const { grid } = round;
  renew(round);
  const shot = aim(round, drawn);
  fc.pre(!isHarmless(round, shot));
  const before = stateOf(round);
  shot.from.heard.length = 0;
  if ('text' in shot) shot.from.sendText(shot.text);
  else shot.from.sendBytes(shot.frame);
  const said = shot.from.heard.flatMap((message) => ('code' in message ? [message] : []));
  const [answer, ...more] = said;
  if (answer === undefined) throw new Error('nothing was said to it');
  if (more.length > 0) throw new Error(`it was answered ${said.length} times`);
  if (!(REFUSAL_CODES as readonly string[]).includes(answer.code)) {
    throw new Error(`${answer.code} is no refusal code`);
  }
  const after = stateOf(round);
  if (after !== before) throw new Error(`it was believed: ${before} became ${after}`);
  outcome.codes.set(answer.code, (outcome.codes.get(answer.code) ?? 0) + 1);
  if (answer.type === 'revoked') round.unrevealed += 1;
  round.cases += 1;
  if (round.cases % HONEST_EVERY === 0) goOn(round);
  if (round.cases % WAIT_EVERY === 0) grid.wait(WAIT_MS);
}

/** What a spoiled message must leave as it is. Commitments and their ends may come and go. */
function stateOf({ grid, read }: Round): string {
  for (; read.facts < grid.facts.length; read.facts += 1) {
    const { type = '' } = grid.facts[read.facts] ?? {};
    if (type !== 'committed' && type !== 'unrevealed') read.others += ` ${type}`;
  }
  const job = grid.hub().jobs.get(grid.job);
  if (job === undefined) throw new Error('the hub forgot its job');
  const { acceptedUnits, checked, mismatched, requeued, leasedUnits } = job;
  if (job.open.count + leasedUnits + acceptedUnits !== job.record.units) {
    throw new Error('units are lost or counted twice');
  }
  return `${acceptedUnits} accepted, ${checked} checked, ${mismatched} mismatched, ${requeued} requeued, ${grid.kept} kept,${read.others.slice(-200)}`;
}

/** The honest device delivers and gets its next shard. */
function goOn(round: Round): void {
  const { grid, honest, honestLease } = round;
  honest.heard.length = 0;
  deliver(honest, honestLease, grid.compute(honestLease));
  if (heard(honest, 'accepted') === undefined)
    throw new Error(`the honest device was turned down: ${JSON.stringify(honest.heard)}`);
  judge(grid);
  round.honestLease = askAgain(honest);
}

/** Sees to it that the liar holds a lease it has not committed to. */
function renew(round: Round): void {
  const { grid, lease, liar } = round;
  const active = grid.hub().leases.get(lease.id);
  if (active?.stage === 'computing') return;
  if (active !== undefined || round.unrevealed >= UNREVEALED_MAX) {
    liar.leave();
    round.unrevealed = 0;
    Object.assign(round, rename(grid.lend()));
    return;
  }
  round.ended = lease.id;
  round.lease = askAgain(liar);
}
const rename = ({ client: liar, lease }: ReturnType<BareHub['lend']>) => ({ liar, lease });

function aim(round: Round, drawn: FuzzCase): Shot {
  const { grid, liar, lease } = round;
  switch (drawn.type) {
    case 'noise':
      if (drawn.binary) return { from: liar, frame: drawn.data };
      return { from: liar, text: new TextDecoder().decode(drawn.data) };
    case 'result':
      return aimResult(round, drawn);
    case 'bytes': {
      const base = baseOf(round, drawn.victim);
      if ('frame' in base) return { from: base.from, frame: spoilBytes(base.frame, drawn.edits) };
      const bytes = spoilBytes(new TextEncoder().encode(base.text), drawn.edits);
      return { from: base.from, text: new TextDecoder().decode(bytes) };
    }
    case 'fields': {
      if (drawn.victim === 'reveal') {
        const outputs = grid.compute(lease);
        commit(liar, lease, outputs);
        const head = spoilFields(revealHead(lease.id), drawn.grafts) as FrameHead;
        return { from: liar, frame: encodeFrame(head, outputs) };
      }
      if (drawn.victim === 'prepared') {
        const head = spoilFields(preparedHead(grid.unprepared), drawn.grafts) as FrameHead;
        return { from: grid.verifier, frame: encodeFrame(head, new Uint8Array(16)) };
      }
      const base = baseOf(round, drawn.victim);
      if (!('text' in base)) throw new TypeError('reveals and preparations are frames');
      const spoiled = spoilFields(JSON.parse(base.text) as unknown, drawn.grafts);
      return { from: base.from, text: JSON.stringify(spoiled) };
    }
  }
}

/** The right message of a kind, not sent yet; for a reveal its commitment is in the log. */
function baseOf({ grid, liar, lease, verdict }: Round, victim: Victim): Shot {
  switch (victim) {
    case 'commit': {
      const commitment = commitmentOf(liar.key, lease, grid.compute(lease));
      return { from: liar, text: JSON.stringify(commitMessage(liar.key, lease.id, commitment)) };
    }
    case 'reveal': {
      const outputs = grid.compute(lease);
      commit(liar, lease, outputs);
      return { from: liar, frame: encodeFrame(revealHead(lease.id), outputs) };
    }
    case 'verdict':
      return { from: grid.verifier, text: JSON.stringify(verdict) };
    case 'unit-failed': {
      const { id, firstUnit: unit, unitCount: units } = lease;
      const refusal = { code: 'model-run-failed', message: 'an item is bad' };
      return {
        from: liar,
        text: JSON.stringify({ type: victim, lease: id, unit, units, refusal }),
      };
    }
    case 'examined': {
      const failed = [{ places: [0], text: 'an item is bad' }];
      const said = { type: victim, job: grid.job, unit: lease.firstUnit, failed };
      return { from: grid.verifier, text: JSON.stringify(said) };
    }
    case 'prepared': {
      const frame = encodeFrame(preparedHead(grid.unprepared), new Uint8Array(16));
      return { from: grid.verifier, frame };
    }
  }
}

function aimResult(round: Round, drawn: Extract<FuzzCase, { type: 'result' }>): Shot {
  const { grid, liar, lease, honestLease, ended } = round;
  const right = grid.compute(lease);
  if (drawn.committed) commit(liar, lease, right);
  const ids = { own: lease.id, other: honestLease.id, ended, none: NO_LEASE };
  const filled = fill(right, drawn.fill);
  const grown = concatBytes(filled, new Uint8Array(Math.max(0, drawn.bytes)));
  const payload = grown.slice(0, Math.max(0, filled.length + drawn.bytes));
  const salt = drawn.salt === 'right' ? SALT : OTHER_SALT;
  return { from: liar, frame: encodeFrame(revealHead(ids[drawn.lease], salt), payload) };
}

function fill(right: Uint8Array, how: 'right' | 'zero' | 'nan' | 'noise'): Uint8Array {
  switch (how) {
    case 'right':
      return right;
    case 'zero':
      return new Uint8Array(right.length);
    case 'nan':
      return new Uint8Array(new Float32Array(right.length / 4).fill(Number.NaN).buffer);
    case 'noise':
      return right.map((byte, at) => byte ^ (at * 37 + 1));
  }
}

/** Whether the message still says what its right form says, so that nothing is wrong with it. */
function isHarmless(round: Round, shot: Shot): boolean {
  const { grid, lease, liar } = round;
  if ('text' in shot) {
    const message = decodeJson(ClientMessage, shot.text);
    if (!message.ok || shot.text === '') return false;
    const { type } = message.value;
    if (message.value.type === 'unit-failed') {
      const { unit, units, lease: id } = message.value;
      const end = lease.firstUnit + lease.unitCount;
      return id === lease.id && unit >= lease.firstUnit && unit + units <= end;
    }
    if (type !== 'commit' && type !== 'verdict') return false;
    const base = baseOf(round, type);
    const same = canonicalJson(message.value);
    return 'text' in base && canonicalJson(JSON.parse(base.text)) === same;
  }
  const frame = decodeFrame(shot.frame);
  if (!frame.ok) return false;
  const { head, payload } = frame.value;
  if (head.type === 'prepared') {
    const { units, outputs, job } = head;
    const names = new Set(outputs.map(({ name }) => name));
    const counted = new Set(units.filter((unit) => unit < 8)).size === units.length;
    const some = outputs.length > 0 && outputs.length <= 16 && names.size === outputs.length;
    const whole = payload.length === units.length * unitBytes(outputs);
    const few = units.length > 0 && units.length <= 4;
    return job === grid.unprepared && counted && some && whole && few;
  }
  const committed = grid.hub().leases.get(lease.id)?.stage === 'logged';
  const right = commitmentOf(liar.key, lease, grid.compute(lease));
  const same = head.reveal.lease === lease.id && head.reveal.salt === SALT;
  if (!same || !committed || payload.length !== grid.compute(lease).length) return false;
  return commitmentOf(liar.key, lease, payload) === right;
}
