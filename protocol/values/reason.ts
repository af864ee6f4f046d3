import * as v from 'valibot';
import { Provider } from './provider.ts';
import { Count, Lamports } from './units.ts';

const Text = v.pipe(v.string(), v.maxLength(600));
/** Name of a model or a job, as its developer wrote it. */
const Name = v.pipe(v.string(), v.maxLength(200));

/** How one provider came out of the admission test. */
export const TrialOutcome = v.picklist(['fit', 'wrong', 'failed', 'timeout', 'skipped']);
const TrialEnd = v.strictObject({ provider: Provider, outcome: TrialOutcome });

const of = <C extends string, E extends v.ObjectEntries>(code: C, values: E) =>
  v.strictObject({ code: v.literal(code), values: v.strictObject(values) });

/**
 * Why something stands as it stands: a code and its values. A page or a program makes the sentence
 * (`api/sentences.ts`), in the language of its reader. `text` in values is what a runtime, a
 * network or a person said, word for word. Wire codes never change.
 */
export const Reason = v.variant('code', [
  // A job
  of('posted', {}),
  of('preparing', {}),
  of('preparing-later', { ahead: Count }),
  of('verifier-missing', {}),
  of('refused', { text: Text }),
  of('checked', {}),
  of('unfunded', { lamports: Lamports }),
  of('funded', {}),
  of('dry-run', {}),
  of('price-above-cap', { lamports: Lamports, most: Lamports }),
  of('started-by-owner', {}),
  of('started-when-quoted', {}),
  of('started-when-funded', {}),
  of('no-device', {}),
  of('all-devices-new', {}),
  of('awaits-inputs', {}),
  of('deadline-passed', {}),
  of('deadline-near', {}),
  of('verifiers-missing', {
    waits: v.picklist(['lending', 'checks']),
    needed: Count,
    enrolled: Count,
  }),
  of('items-examined', { unit: Count, units: Count }),
  of('in-dispute', { unit: Count, spoken: Count, enrolled: Count }),
  of('units-open-again', {}),
  of('last-checks', {}),
  of('exit-checks', {}),
  of('computed', {}),
  /** `failed`: items that no device can compute, where there are any. */
  of('done', { checked: Count, mismatched: Count, failed: v.exactOptional(Count) }),
  of('done-unchecked', { failed: v.exactOptional(Count) }),
  of('cancelled-by-owner', {}),
  of('money-closed', {}),
  /** A sentence of an older hub. */
  of('stated', { text: Text }),
  // A quote
  of('no-device-fits', {}),
  /** `compared`: known by what they took for other models, where there are any. */
  of('devices-measured', { devices: Count, measured: Count, compared: v.exactOptional(Count) }),
  /** The least part of the devices that it gets beside jobs that run. */
  of('shared-now', { jobs: Count, percent: Count }),
  // Why a job is not possible now
  of('class-missing', {}),
  of('memory-missing', { needMiB: Count, mostMiB: Count }),
  of('budget-spent', { text: Text }),
  of('model-unprepared', { model: Name }),
  /** `lengths`: tokens of rows that were. */
  of('length-unprepared', { tokens: Count, lengths: Text }),
  of('items-coupled', {}),
  /** `name` is an input. */
  of('items-apart', { name: Name }),
  of('outputs-left-out', { names: Text }),
  of('files-left-out', { files: Count, names: Text }),
  /** Texts had more tokens than the model takes. */
  of('texts-cut', { texts: Count, tokens: Count }),
  // A device that has lost a provider
  of('too-far-off', { provider: Provider, where: v.picklist(['outputs', 'inside']) }),
  // A device that gets no work
  of('no-jobs', {}),
  of('job-in-check', {}),
  of('needs-verifier', {}),
  of('no-units-open', { job: Name }),
  of('all-blocked', {}),
  of('device-unfit', { model: Name, trials: v.pipe(v.array(TrialEnd), v.maxLength(16)) }),
  of('admission-slow', { model: Name, minutes: Count }),
  of('capability-memory', { model: Name, needMiB: Count, hasMiB: Count }),
  of('memory-trial', { model: Name, needMiB: Count }),
  of('capability-provider', {}),
  of('capability-feature', { model: Name }),
  of('exact-only', { model: Name }),
  of('memory-unwanted', { job: Name, needMiB: Count, hasMiB: Count }),
  of('provider-unwanted', { job: Name, providers: Text }),
  of('providers-suspended', { model: Name }),
  of('device-slow', { job: Name, seconds: Count }),
  of('kept-ready', { job: Name }),
  of('at-capacity', { shards: Count }),
  of('commitments-unrevealed', { commitments: Count, minutes: Count }),
  of('disputed', {}),
  of('newcomers-full', { unitsEach: Count, ahead: Count }),
  of('unjudged', { shards: Count }),
  of('hub-degraded', { text: Text }),
  // A provider in the admission test
  of('right', {}),
  of('wrong', { exact: v.boolean() }),
  of('trial-failed', { text: Text }),
  of('trial-slow', { seconds: Count }),
  of('tab-ended', { days: Count }),
  of('not-offered', { provider: Provider }),
  of('software-gpu', { adapter: Name }),
  of('graph-not-taken', { nodes: Count }),
  /** It was right in the test and failed at work, more than once; `text` is what the runtime said. */
  of('provider-broke', { provider: Provider, text: Text }),
  of('known-bad', { what: Text, source: Text }),
  // What a device does
  of('off', {}),
  of('starting', {}),
  /** Its worker failed, and starts again by itself. */
  of('restarting', { text: Text, seconds: Count }),
  of('worker-failed', { text: Text }),
  /** It has handed in what it had, and a newer version of its page takes over. */
  of('updating', {}),
  /** Its page is older than what the hub serves. */
  of('page-outdated', {}),
  of('greeting', {}),
  of('reconnecting', { text: Text, seconds: Count }),
  of('hidden', {}),
  of('fetching-model', { model: Name }),
  of('fetching-runtime', {}),
  of('download-again', { text: Text }),
  of('testing', { model: Name, provider: v.optional(Provider) }),
  of('awaiting-work', {}),
  of('fetching-inputs', { model: Name }),
  of('loading', { model: Name, provider: Provider }),
  of('computing', { model: Name, provider: Provider }),
  of('handing-in', {}),
  // What a device does while no page is open
  of('work-waits', { jobs: Count }),
  of('pay-settled', { lamports: Lamports }),
  of('background-done', { units: Count }),
  of('background-late', { seconds: Count }),
  of('tab-at-work', {}),
  of('nothing-kept', {}),
  of('hub-away', { text: Text }),
  // What its person's settings hold it back for
  of('unplugged', {}),
  of('charge-low', { level: Count, least: Count }),
  of('charge-unknown', {}),
  of('line-unknown', {}),
  of('cellular', {}),
  of('saves-data', {}),
  of('data-spent', { mebibytes: Count }),
  of('hours-off', {}),
  of('in-use', {}),
  of('system-busy', {}),
  of('warm', { percent: Count }),
  of('time-up', { minutes: Count }),
  of('resting', { duty: Count }),
  // A lease given back
  of('stopped', {}),
  of('blocked', {}),
  of('not-admitted', {}),
  of('shards-held', { shards: Count }),
  of('lease-unreadable', {}),
]);
export type Reason = v.InferOutput<typeof Reason>;
/** A reason of one code. */
export const why = <C extends Reason['code']>(code: C, values: ReasonOf<C>['values']): Reason =>
  ({ code, values }) as Reason;

/** A reason with this code. */
export type ReasonOf<C extends Reason['code']> = Extract<Reason, { code: C }>;
