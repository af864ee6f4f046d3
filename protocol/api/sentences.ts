import type { Reason, ReasonOf } from '../values/reason.ts';
import type { Quote } from './job.ts';

/** A language's sentence for each reason, without its full stop. */
export type Sentences = { [C in Reason['code']]: (values: ReasonOf<C>['values']) => string };

const PROVIDERS = {
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
  webnn: 'WebNN',
  'webnn-npu': 'WebNN on an NPU',
  'webnn-gpu': 'WebNN on a GPU',
  'webnn-cpu': 'WebNN on a processor',
} as const;
const OUTCOMES = {
  fit: 'is right',
  wrong: 'gives wrong answers',
  failed: 'failed',
  timeout: 'is too slow',
  skipped: 'was left out',
} as const;
const EXACT_ONLY = 'on a GPU its results cannot be told from those of a cheaper model';

const count = (value: number, noun: string): string =>
  `${value.toLocaleString('en')} ${noun}${value === 1 ? '' : 's'}`;

const sayFailed = (failed = 0): string =>
  failed === 0 ? '' : `; ${count(failed, 'item')} failed, and the results say why`;

const ENGLISH: Sentences = {
  posted: () => 'waiting for a verifier to run the model and make known answers',
  preparing: () => 'a verifier runs the model once on the exact lane',
  'preparing-later': ({ ahead }) =>
    ahead === 0
      ? 'a verifier runs the model next'
      : `verifiers run the models of ${count(ahead, 'job')} before this one`,
  'verifier-missing': () => 'no verifier is online; start one with `npm run verifier -- --hub URL`',
  refused: ({ text }) => text,
  checked: () => 'checked; waiting for its owner to start it',
  unfunded: ({ lamports }) =>
    `checked; waiting for ${lamports} lamports in its escrow, which the dashboard deposits`,
  funded: () => 'checked and funded; waiting for its owner to start it',
  'dry-run': () => 'a dry run ends with its quote; the same without dryRun computes it',
  'price-above-cap': ({ lamports, most }) =>
    `its price of ${lamports} lamports is above the ${most} of its priceMax; cancel it, and post it with a higher one or fewer items`,
  'started-by-owner': () => 'started by its owner',
  'started-when-quoted': () => 'started as soon as it was quoted',
  'started-when-funded': () => 'started as soon as it was funded',
  'no-device': () => 'no device is online; open this hub on a phone and tap Start',
  'awaits-inputs': () => 'all inputs so far are computed; it takes more until it is told to end',
  'deadline-passed': () => 'its deadline has passed',
  'deadline-near': () =>
    'its devices are too slow, or too few, to compute the rest before its deadline',
  'all-devices-new': () =>
    'every device online is new and waits for a place; the operator can give more of them with --newcomers',
  'verifiers-missing': ({ waits, needed, enrolled }) => {
    const whom = needed === 1 ? 'a verifier' : `${needed} of the ${enrolled} enrolled verifiers`;
    return waits === 'lending'
      ? `no more is lent until what was accepted is judged; this waits for ${whom} to come online`
      : `every unit is computed; the last checks wait for ${whom} to come online`;
  },
  'in-dispute': ({ unit, spoken, enrolled }) =>
    `a verifier found unit ${unit} wrong: ${spoken} of the ${enrolled} enrolled ones have judged it; the others have three minutes`,
  'items-examined': ({ unit, units }) =>
    `a verifier looks for the items of unit ${unit}${units > 1 ? ` and ${units - 1} more` : ''} that cannot be computed`,
  'units-open-again': () => 'some units are computed again after a check',
  'last-checks': () => 'every unit is computed; the last checks are being judged',
  'exit-checks': () =>
    'every unit is computed; what no later work vouches for is checked once more before it is final',
  computed: () => 'every unit is computed',
  done: ({ checked, mismatched, failed }) =>
    `${count(checked, 'unit')} checked, ${mismatched} did not match${sayFailed(failed)}`,
  'done-unchecked': ({ failed }) =>
    `every unit is computed; none of them was drawn for a check${sayFailed(failed)}`,
  'cancelled-by-owner': () => 'cancelled by its owner',
  'money-closed': () => 'the money of this job was closed',
  stated: ({ text }) => text,
  'no-device-fits': () => 'no device online can take this job yet; it starts when one comes',
  'devices-measured': ({ devices, measured, compared = 0 }) =>
    `from the speed of ${count(devices, 'device')} online now, ${measured} of them measured${compared === 0 ? '' : `, ${compared} by what they take for other models`}`,
  'shared-now': ({ jobs, percent }) =>
    `at the latest on ${percent} % of the devices, beside ${count(jobs, 'job')} that run now`,
  'class-missing': () => 'no device online is of the classes that it asks for',
  'memory-missing': ({ needMiB, mostMiB }) =>
    `no device online has the ${needMiB} MiB that it needs; the most is ${mostMiB} MiB`,
  'budget-spent': ({ text }) => text,
  'model-unprepared': ({ model }) =>
    `no job of ${model} with these options was prepared yet, so nothing is known of its cost; post some of its inputs as a job with "dryRun": true`,
  'length-unprepared': ({ tokens, lengths }) =>
    `rows of ${tokens} tokens were not prepared yet, those of ${lengths} were; post a text of that length as a job with "dryRun": true`,
  'items-coupled': () =>
    'units hold one item each, since in larger ones an answer of this model changes or has no row of its own',
  'items-apart': ({ name }) =>
    `units hold one item each, since items do not stand side by side on the first axis of "${name}"`,
  'outputs-left-out': ({ names }) =>
    `left out of the results, since units carry numbers in tensors alone: ${names}`,
  'files-left-out': ({ files, names }) =>
    `${count(files, 'file')} left out, which could not be read: ${names}`,
  'texts-cut': ({ texts, tokens }) =>
    `${count(texts, 'text')} cut to the ${tokens} tokens that the model takes`,
  'too-far-off': ({ provider, where }) =>
    `checks found its results on ${PROVIDERS[provider]} too far off${where === 'inside' ? ' inside the model' : ''}`,
  'no-jobs': () => 'nobody has posted work right now; this device is next in line',
  'job-in-check': () => 'a new job is being checked by a verifier; work starts soon',
  'needs-verifier': () => 'a new job waits for a verifier to come online',
  'no-units-open': ({ job }) =>
    `every unit of "${job}" is done or lent out; waiting for the next job`,
  'all-blocked': () => 'all work that waits is of what you have blocked',
  'device-unfit': ({ model, trials }) => {
    const ends = trials.map(
      ({ provider, outcome }) => `${PROVIDERS[provider]} ${OUTCOMES[outcome]}`,
    );
    const how = ends.length === 0 ? 'it offers no provider' : ends.join(', ');
    return `"${model}" cannot be computed on this device: ${how}`;
  },
  'admission-slow': ({ model, minutes }) =>
    `"${model}" took this device longer than ${minutes} minutes to fetch and try`,
  'capability-memory': ({ model, needMiB, hasMiB }) =>
    `"${model}" needs ${needMiB} MiB and this device offers ${hasMiB} MiB`,
  'memory-trial': ({ model, needMiB }) =>
    `"${model}" needs ${needMiB} MiB: this device tries whether it has them, which takes some seconds`,
  'capability-provider': () =>
    'this device offers no way to run a model: WebAssembly is missing or blocked',
  'capability-feature': ({ model }) => `"${model}" needs a GPU feature this device lacks`,
  'exact-only': ({ model }) => `"${model}" runs on WebAssembly alone: ${EXACT_ONLY}`,
  'memory-unwanted': ({ job, needMiB, hasMiB }) =>
    `"${job}" asks for devices with ${needMiB} MiB and this device offers ${hasMiB} MiB`,
  'provider-unwanted': ({ job, providers }) =>
    `"${job}" asks for devices that run it on ${providers === '' ? 'another provider' : providers} alone`,
  'providers-suspended': ({ model }) =>
    `"${model}" is not computed right on this device: checks found its results too far off`,
  'device-slow': ({ job, seconds }) => `"${job}" ends in about ${seconds} s on faster devices`,
  'kept-ready': ({ job }) => `ready for "${job}", whose next inputs may come at any moment`,
  'at-capacity': ({ shards }) =>
    `holds ${count(shards, 'shard')} already; the next comes when one is done`,
  'commitments-unrevealed': ({ commitments, minutes }) =>
    `committed to ${count(commitments, 'shard')} and never revealed them: no shard for ${minutes} minutes, and its units are checked from the first again`,
  disputed: () => 'a check of its work is looked at by a second verifier',
  'newcomers-full': ({ unitsEach, ahead }) => {
    const who = ahead === 0 ? 'this one is next' : `at most ${ahead} wait before this one`;
    return `new devices begin in turn, one more for each ${count(unitsEach, 'unit')} of 100 ms that the grid computes: ${who}; keep the page open and it begins by itself`;
  },
  unjudged: ({ shards }) =>
    `${count(shards, 'shard')} of this device must be checked first; the more of its work has passed, the more may wait`,
  'hub-degraded': ({ text }) => text,
  right: () => 'its answers are right',
  wrong: ({ exact }) => `its answers ${exact ? 'differ from' : 'are too far from'} the reference`,
  'trial-failed': ({ text }) => text,
  'trial-slow': ({ seconds }) => `it did not finish its known answers within ${seconds} s`,
  'tab-ended': ({ days }) =>
    `it ended this tab twice within a week; it is tried again after ${days} days`,
  'not-offered': ({ provider }) => `this browser does not offer ${PROVIDERS[provider]}`,
  'graph-not-taken': ({ nodes }) =>
    `WebNN takes none of the model's ${count(nodes, 'step')} on this device`,
  'provider-broke': ({ provider, text }) =>
    `${PROVIDERS[provider]} stopped working twice in the middle of work, so this device goes on without it until it is started anew (${text})`,
  'software-gpu': ({ adapter }) =>
    `its WebGPU adapter (${adapter}) is software, slower than WebAssembly`,
  'known-bad': ({ what, source }) => `${what} (${source})`,
  off: () => 'nothing runs; tap Start to help',
  starting: () => 'starting the worker on this device',
  'work-waits': ({ jobs }) =>
    `${count(jobs, 'job')} at the hub ${jobs === 1 ? 'waits' : 'wait'} for devices`,
  'pay-settled': ({ lamports }) => `${lamports} lamports more are settled for you`,
  'background-done': ({ units }) => `it computed ${count(units, 'unit')} in the background`,
  'background-late': ({ seconds }) =>
    `nothing was done within ${seconds} s in the background, and the work was given back`,
  'tab-at-work': () => 'another page of this browser computes for this device',
  'nothing-kept': () => 'this browser keeps no model and no program for the work that waits',
  'hub-away': ({ text }) => `the hub cannot be reached: ${text}`,
  updating: () => 'a newer version of this page takes over; then work goes on',
  'page-outdated': () =>
    'the hub has a newer version of this page, and none of the files of this one',
  restarting: ({ text, seconds }) => `${text}; it starts again by itself in ${seconds} s`,
  'worker-failed': ({ text }) => text,
  greeting: () => 'saying hello to the hub',
  reconnecting: ({ text, seconds }) => `${text}; trying again in ${seconds} s`,
  hidden: () => 'the page is hidden; work goes on when you come back',
  'fetching-model': ({ model }) => `fetching ${model}`,
  'fetching-runtime': () => 'fetching the program that runs models',
  'download-again': ({ text }) => `the download failed and is tried again: ${text}`,
  testing: ({ model, provider }) =>
    `testing ${model}${provider === undefined ? '' : ` on ${PROVIDERS[provider]}`} on known answers`,
  'awaiting-work': () => 'waiting for the hub to hand out work',
  'fetching-inputs': ({ model }) => `fetching inputs for ${model}`,
  loading: ({ model, provider }) => `loading ${model} on ${PROVIDERS[provider]}`,
  computing: ({ model, provider }) => `computing ${model} on ${PROVIDERS[provider]}`,
  'handing-in': () => 'handing in a finished shard',
  stopped: () => 'stopped by whoever runs it',
  blocked: () => 'its person wants no work of this job',
  unplugged: () => 'it is not charging, and your settings want that; plug it in',
  'charge-low': ({ level, least }) =>
    `the battery is at ${level} %, and your settings keep ${least} % for you; it goes on above, or when it charges`,
  'charge-unknown': () =>
    'this browser does not tell whether the device charges; say so in the settings, or allow work on battery',
  'line-unknown': () =>
    'this browser does not tell whether it is on Wi-Fi; say so in the settings, or allow mobile data',
  cellular: () => 'it is on mobile data, and your settings want Wi-Fi',
  'saves-data': () => 'your browser is set to save data, and your settings respect that',
  'data-spent': ({ mebibytes }) =>
    `the ${mebibytes.toLocaleString('en')} MiB that it may use in a day are used`,
  'hours-off': () => 'your settings let it work at other hours',
  'in-use': () => 'somebody uses the device; it goes on half a minute after the last touch',
  'system-busy': () => 'the system says that it works hard enough; it goes on when that is over',
  warm: ({ percent }) =>
    `it has become ${percent} % slower than when it was cool, so it is hot or busy: it cools down`,
  'time-up': ({ minutes }) =>
    `the ${count(minutes, 'minute')} that you set are over; tap Start to go on`,
  resting: ({ duty }) => `it rests, so that it computes ${duty} % of the time`,
  'not-admitted': () => 'this device has not passed the admission test of its model',
  'shards-held': ({ shards }) => `this device holds ${count(shards, 'shard')} already`,
  'lease-unreadable': () => 'its digests cannot be read',
};

/** What a quote rests on, as one sentence without its full stop. */
export const describeNotes = ({ notes }: Pick<Quote, 'notes'>): string =>
  notes.map(describeReason).join('; ');

/** A reason as an English sentence without its full stop, in lower case where a name does not begin it. */
export const describeReason = ({ code, values }: Reason): string =>
  (ENGLISH[code] as (values: Reason['values']) => string)(values);
