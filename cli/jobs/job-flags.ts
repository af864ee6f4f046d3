import { basename } from 'node:path';
import * as v from 'valibot';
import { type FlagValues, numberIn, Switch, Text, wholeIn } from '#node/flags.ts';
import { Assurance, type DeviceClasses, JobOptions } from '#protocol/api/job.ts';
import { JOB_CATEGORIES } from '#protocol/api/job-words.ts';
import { ModelDtype } from '#protocol/api/models.ts';
import { PICTURE_TASKS, TaskName, TaskOptions, TEXT_TASKS } from '#protocol/tasks/task.ts';
import { decodeJson, decodeWith } from '#protocol/values/decode.ts';
import { Provider } from '#protocol/values/provider.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { bytes, type Instant, instant, Lamports } from '#protocol/values/units.ts';
import { WebAddress } from '#protocol/values/web-address.ts';
import { HUB_FLAGS, HUB_HELP } from '../hub.ts';

const { pooling, normalize, overLength, hypothesis, multiLabel, percentage } = TaskOptions.entries;

/** Flags of what a task does, by their names in `TaskOptions`. */
const TASK_FLAGS = {
  pooling,
  normalize,
  'max-tokens': v.exactOptional(wholeIn(1, 8_192)),
  'over-length': overLength,
  'top-k': v.exactOptional(wholeIn(1, 1_000)),
  labels: v.exactOptional(Text),
  hypothesis,
  'multi-label': multiLabel,
  threshold: v.exactOptional(numberIn(0, 1)),
  percentage,
};

/** Flags of a job that is to be posted. */
export const JOB_FLAGS = {
  inputs: v.optional(v.array(Text), []),
  'inputs-url': v.exactOptional(WebAddress),
  'results-url': v.exactOptional(WebAddress),
  model: Text,
  dtype: v.exactOptional(ModelDtype),
  task: v.exactOptional(TaskName),
  ...TASK_FLAGS,
  name: v.exactOptional(JobOptions.entries.name),
  purpose: JobOptions.entries.purpose,
  category: JobOptions.entries.category,
  'unit-price': v.exactOptional(Lamports),
  'price-max': v.exactOptional(Lamports),
  assurance: v.exactOptional(Assurance),
  'allow-nan': Switch,
  'skip-bad-files': Switch,
  devices: v.exactOptional(Text),
  'memory-min': v.exactOptional(wholeIn(1, 65_536)),
  deadline: v.exactOptional(Text),
  'keep-days': v.exactOptional(wholeIn(1, 3_650)),
  options: v.exactOptional(Text),
  ...HUB_FLAGS,
};
/** Those flags, decoded. */
export type JobFlags = FlagValues<typeof JOB_FLAGS>;

/** What the help of a command that posts a job says of it. */
export const JOB_HELP = `  INPUT…             files of one format: for a task of texts one a line, or JSON Lines; pictures; tensors (JSON Lines, NPY,
                     NPZ, safetensors)
  --model MODEL      the id of a model of the hub (model list), a folder with a model, or an ONNX file
  --dtype DTYPE      of a folder with several variants, which one
  --task NAME        what the model does, with texts: ${TEXT_TASKS.join(', ')};
                     with pictures: ${PICTURE_TASKS.join(', ')}
  --labels A,B       what texts may be about (zero-shot-classification)
  --hypothesis TEXT  the sentence that a label is put into, in the place of {}; --multi-label: several may be true
  --pooling NAME     mean, cls, last-token, none; --normalize: vectors of length 1 (of texts and pictures)
  --max-tokens N     tokens of a text; --over-length refuse: a longer text is refused and not cut
  --top-k N          answers for each item
  --threshold X      the least score of an object; --percentage: boxes in parts of the picture (object-detection)
  --name TEXT        what the job is called; else as its first input
  --purpose TEXT     what it computes, in one sentence for contributors; else made of task and model
  --category NAME    what it is about: ${JOB_CATEGORIES.join(', ')}; else by the task
  --unit-price N     lamports for each unit, paid from an escrow; without it volunteers compute
  --price-max N      lamports that it may cost at most; above it the job does not start
  --assurance NAME   instant, settled or full: how sure results are when they are given out
  --allow-nan        takes inputs that hold NaN; --skip-bad-files: takes the others of several files
  --inputs-url URL   where the hub fetches the file of inputs, in place of INPUT…
  --results-url URL  where the hub puts the results as JSON Lines when the job is done
  --devices A,B      the only devices it is lent to, by how they compute: ${Provider.options.join(', ')}
  --memory-min MIB   memory that they have to offer
  --deadline TIME    when results are wanted, such as 2027-01-31T08:00Z
  --keep-days N      days after its end for which inputs and results are kept
  --options JSON     more options of a job, as POST /v1/jobs takes them: '{"unitItems":8}'
${HUB_HELP}`;

/** The options that flags name. Throws where they do not go together. */
export function readOptions(flags: JobFlags, isStarted: boolean): JobOptions {
  const { task, labels, 'unit-price': unitPrice, 'price-max': priceMax, assurance } = flags;
  const { purpose, category } = flags;
  const { 'inputs-url': inputsUrl, 'results-url': resultsUrl, 'keep-days': keepDays } = flags;
  // The query of an address may hold what lets one read it.
  const [first = new URL(inputsUrl ?? 'file:inputs').pathname] = flags.inputs;
  const lone = Object.keys(TASK_FLAGS).find((name) => name in flags);
  if (task === undefined && lone !== undefined) {
    throw fault('request-invalid', `--${lone} belongs to a task; name it: --task NAME`);
  }
  const { 'max-tokens': maxTokens, 'over-length': length, 'top-k': topK } = flags;
  const said = {
    name: task,
    ...{ maxTokens, overLength: length, topK, multiLabel: flags['multi-label'] },
    ...{ pooling: flags.pooling, normalize: flags.normalize, hypothesis: flags.hypothesis },
    labels: labels?.split(','),
    ...{ threshold: flags.threshold, percentage: flags.percentage },
  };
  const options = {
    ...readMore(flags.options),
    name: flags.name ?? basename(first).slice(0, 120),
    ...given({ unitPrice, priceMax, assurance, task: task && given(said) }),
    ...given({ inputsUrl, resultsUrl, keepDays, purpose, category }),
    ...given({ devices: readDevices(flags), deadline: readDeadline(flags.deadline) }),
    ...(flags['allow-nan'] && { allowNan: true }),
    ...(flags['skip-bad-files'] && { skipBadFiles: true }),
    autoStart: isStarted,
  };
  return must(decodeWith(JobOptions, options, 'request-invalid'));
}

function readDevices({ devices, 'memory-min': mebibytes }: JobFlags): DeviceClasses | undefined {
  if (devices === undefined && mebibytes === undefined) return undefined;
  const providers = devices?.split(',').map((name) => {
    const known = Provider.options.find((each) => each === name);
    if (known !== undefined) return known;
    const message = `--devices: expected some of ${Provider.options.join(', ')}, with commas between`;
    throw fault('request-invalid', message);
  });
  return {
    ...(providers && { providers }),
    ...(mebibytes !== undefined && { memoryMin: bytes(mebibytes * 2 ** 20) }),
  };
}

function readDeadline(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return instant(at);
  throw fault('request-invalid', '--deadline: expected a time such as 2027-01-31T08:00Z');
}

/** Options as JSON; a name, a task and a start have flags of their own, which go before. */
function readMore(text = '{}'): Record<string, unknown> {
  const more = decodeJson(v.record(v.string(), v.unknown()), text, 'request-invalid');
  if (more.ok) return more.value;
  const message = `--options: expected an object of JSON such as '{"unitItems":8}'`;
  throw fault('request-invalid', message);
}

/** The fields that are there. */
const given = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
