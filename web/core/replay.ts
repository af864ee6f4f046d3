import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { DISTANCE_MAX } from '#protocol/checks/comparison.ts';
import type { FingerprintCheck } from '#protocol/checks/fingerprint-check.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { ReceiptFault } from '#protocol/records/receipt-check.ts';
import type { Receipt } from '#protocol/records/records.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { type Millis, millis } from '#protocol/values/units.ts';
import { say } from './language.ts';
import type { ReplayFinding } from './replay-finding.ts';

/** The unit of a receipt that is executed again in this tab. */
export interface ReplayAsk {
  receipt: Receipt;
  unit: number;
}

/** The one state machine of a replay. `done`, `failed` and `stopped` are its ends. */
export type ReplayState =
  | { name: 'checking' }
  | { name: 'fetching'; what: 'package' | 'model' | 'inputs' | 'outputs'; share?: number }
  | { name: 'loading' }
  | { name: 'running' }
  | { name: 'done'; faults: readonly ReceiptFault[]; finding: ReplayFinding }
  | { name: 'failed'; faults: readonly ReceiptFault[]; refusal: Refusal }
  | { name: 'stopped' };

/** What happens in a replay. */
export type ReplayEvent =
  | { type: 'moved'; to: Extract<ReplayState, { name: 'fetching' | 'loading' | 'running' }> }
  /** What the receipt's own signatures and digests say; told before anything is fetched. */
  | { type: 'checked'; faults: readonly ReceiptFault[] }
  | { type: 'found'; finding: ReplayFinding }
  | { type: 'failed'; refusal: Refusal }
  | { type: 'deadline' }
  | { type: 'cancel' };

export interface Replay {
  state: ReplayState;
  faults: readonly ReceiptFault[];
}

/** A replay before its receipt is checked. */
export const REPLAY_START: Replay = { state: { name: 'checking' }, faults: [] };

/** One step of a replay. Nothing follows an end: what comes late changes nothing. */
export function stepReplay(replay: Replay, event: ReplayEvent): Replay {
  const { faults } = replay;
  if (isEnd(replay.state)) return replay;
  switch (event.type) {
    case 'checked':
      return { ...replay, faults: event.faults };
    case 'moved':
      return { ...replay, state: event.to };
    case 'found':
      return { ...replay, state: { name: 'done', faults, finding: event.finding } };
    case 'failed':
      return { ...replay, state: { name: 'failed', faults, refusal: event.refusal } };
    case 'deadline':
      return { ...replay, state: { name: 'failed', faults, refusal: tooLong(replay.state) } };
    case 'cancel':
      return { ...replay, state: { name: 'stopped' } };
  }
}

/** Whether a replay is over. */
export const isEnd = ({ name }: ReplayState): boolean =>
  name === 'done' || name === 'failed' || name === 'stopped';

function tooLong(state: ReplayState): Refusal {
  const where = viewReplay(state).reason.replace(/\.$/, '');
  const message = t`This took too long. ${where}. Close other tabs, then press Replay again.`;
  return refusal('provider-timeout', message);
}

const FETCH_MS = 120_000;
const LOAD_MS = 60_000;
const RUN_MS_MIN = 30_000;
/** A phone may be this much slower than the verifier whose time the package names. */
const SLOWER = 200;

/** How long a step of a replay may take. */
export function replayDeadlineMs(state: ReplayState, manifest?: PackageManifest): Millis {
  switch (state.name) {
    case 'loading':
      return millis(LOAD_MS);
    case 'running':
      return millis(Math.max(RUN_MS_MIN, (manifest?.referenceUnitMs ?? 0) * SLOWER));
    default:
      return millis(FETCH_MS);
  }
}

export interface ReplayView {
  tone: 'busy' | 'good' | 'warn' | 'bad' | 'calm';
  title: string;
  /** Never empty. */
  reason: string;
  facts: { label: string; value: string; digest?: boolean }[];
  /** What is wrong with the receipt itself; each a sentence. */
  faults: readonly string[];
}

const FETCHING: Record<Extract<ReplayState, { name: 'fetching' }>['what'], MessageDescriptor> = {
  package: msg`Asking the hub which model this was.`,
  model: msg`Fetching the model and checking it against its root.`,
  inputs: msg`Fetching the inputs of this unit and checking them against the receipt.`,
  outputs: msg`Fetching the outputs that the hub holds for this unit.`,
};

/** A replay in words. */
export function viewReplay(state: ReplayState): ReplayView {
  const busy = (reason: string): ReplayView => ({
    tone: 'busy',
    title: t`Replaying…`,
    reason,
    facts: [],
    faults: [],
  });
  switch (state.name) {
    case 'checking':
      return busy(t`Checking the signatures of the receipt.`);
    case 'fetching':
      return busy(say(FETCHING[state.what]));
    case 'loading':
      return busy(t`Loading the model on the exact lane: WebAssembly, one thread.`);
    case 'running':
      return busy(t`Computing the unit.`);
    case 'stopped':
      return {
        ...busy(t`You stopped it. Nothing was found out; press Replay to begin again.`),
        tone: 'calm',
        title: t`Stopped`,
      };
    case 'failed':
      return {
        tone: 'bad',
        title: t`Not replayed`,
        reason: state.refusal.message,
        facts: [],
        faults: sentences(state.faults),
      };
    case 'done':
      return viewFinding(state.finding, state.faults);
  }
}

const sentences = (faults: readonly ReceiptFault[]): string[] =>
  faults.map(({ message }) => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`);

function viewFinding(finding: ReplayFinding, faults: readonly ReceiptFault[]): ReplayView {
  const { unit, claimed, replayed, lane } = finding;
  const facts: ReplayView['facts'] =
    claimed === replayed
      ? [{ label: 'SHA-256', value: replayed, digest: true }]
      : [
          { label: t`Claimed in the receipt`, value: claimed, digest: true },
          { label: t`Computed here`, value: replayed, digest: true },
          ...(finding.held === undefined || finding.held === claimed
            ? []
            : [{ label: t`Held by the hub`, value: finding.held, digest: true }]),
          ...finding.outputs.map((output) => ({
            label: t`Output ${output.name}`,
            value: describeDifference(output),
          })),
        ];
  if (finding.inside !== undefined) {
    facts.push({ label: t`Inside`, value: describeInside(finding.inside) });
  }
  const outputs = lane === 'exact' ? nameExact(finding) : nameTolerance(finding);
  const words = outputs.tone === 'good' ? (nameInside(finding) ?? outputs) : outputs;
  if (faults.length === 0) return { ...words, facts, faults: [] };
  const also = claimed === replayed ? t`Unit ${unit} itself gave the same bytes.` : words.reason;
  return {
    tone: 'bad',
    title: t`This receipt was altered`,
    reason: t`It is not what its device, hub and verifiers signed. ${also}`,
    facts,
    faults: sentences(faults),
  };
}

type Words = Pick<ReplayView, 'tone' | 'title' | 'reason'>;

function nameExact({ unit, claimed, replayed, held, bytes }: ReplayFinding): Words {
  if (claimed === replayed) {
    const reason = t`Unit ${unit} gave the same ${bytes} bytes in this tab as the device committed to.`;
    return { tone: 'good', title: t`Same bytes`, reason };
  }
  if (held === replayed) {
    const reason = t`This tab computed what the hub holds for unit ${unit}; the receipt names another digest, so the receipt does not stand for this result.`;
    return { tone: 'bad', title: t`The receipt names other bytes`, reason };
  }
  const reason = t`Unit ${unit} gave other bytes in this tab than the device committed to. On the exact lane they must be the same.`;
  return { tone: 'bad', title: t`Different bytes`, reason };
}

/** A GPU is never byte for byte: its outputs are judged by their distance. */
function nameTolerance({ unit, distance, claimed, replayed, held }: ReplayFinding): Words {
  if (claimed === replayed) {
    const reason = t`Unit ${unit} gave the very bytes the device committed to, although a GPU computed them there.`;
    return { tone: 'good', title: t`Same bytes`, reason };
  }
  if (distance === undefined || held !== claimed) {
    const reason = t`The outputs behind the receipt’s digest of unit ${unit} are not what the hub holds, so their distance cannot be measured.`;
    return { tone: 'bad', title: t`The receipt names other bytes`, reason };
  }
  const far =
    distance.l2 < DISTANCE_MAX
      ? t`relative L2 ${show(distance.l2)}, largest ${show(distance.max)} of the RMS`
      : t`beyond measure`;
  return distance.within
    ? {
        tone: 'good',
        title: t`Within tolerance`,
        reason: t`A GPU computed unit ${unit}: its outputs are judged by distance, not by bytes. ${capital(far)}: the package allows it.`,
      }
    : {
        tone: 'bad',
        title: t`Beyond tolerance`,
        reason: t`A GPU computed unit ${unit}, and its outputs lie further from the exact lane than the package allows: ${far}.`,
      };
}

/** Right outputs with a wrong inside: whoever sent them did not compute them. */
function nameInside({ unit, inside }: ReplayFinding): Words | undefined {
  if (inside?.deviates === undefined) return undefined;
  const reason = t`Unit ${unit} gave outputs that hold, and its inside is another one than the device’s fingerprint says: outputs like these were copied or made up.`;
  return { tone: 'bad', title: t`Different inside`, reason };
}

function describeInside({ l2, deviates }: FingerprintCheck): string {
  const far = t`at most ${show(Math.max(0, ...l2))} apart`;
  return deviates === undefined
    ? t`the fingerprint of ${l2.length} taps holds, ${far}`
    : t`the fingerprint deviates from tap ${deviates + 1} of ${l2.length} on, ${far}`;
}

function describeDifference(output: ReplayFinding['outputs'][number]): string {
  const { differing, of, largest } = output;
  if (differing === 0) return t`all ${of} values the same`;
  const far = largest === undefined ? t`by no measurable number` : t`by ${show(largest)} at most`;
  return t`${differing} of ${of} values differ, ${far}`;
}

const show = (value: number): string => Number(value.toPrecision(3)).toString();
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
