import { basename } from 'node:path';
import * as v from 'valibot';
import { type FlagValues, numberIn, Switch, Text, wholeIn } from '#node/flags.ts';
import { Assurance, JobOptions } from '#protocol/api/job.ts';
import { ModelDtype } from '#protocol/api/models.ts';
import { PICTURE_TASKS, TaskName, TaskOptions, TEXT_TASKS } from '#protocol/tasks/task.ts';
import { decodeJson, decodeWith } from '#protocol/values/decode.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { Lamports } from '#protocol/values/units.ts';
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
  inputs: v.pipe(v.array(Text), v.minLength(1)),
  model: Text,
  dtype: v.exactOptional(ModelDtype),
  task: v.exactOptional(TaskName),
  ...TASK_FLAGS,
  name: v.exactOptional(JobOptions.entries.name),
  'unit-price': v.exactOptional(Lamports),
  'price-max': v.exactOptional(Lamports),
  assurance: v.exactOptional(Assurance),
  'allow-nan': Switch,
  'skip-bad-files': Switch,
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
  --unit-price N     lamports for each unit, paid from an escrow; without it volunteers compute
  --price-max N      lamports that it may cost at most; above it the job does not start
  --assurance NAME   instant, settled or full: how sure results are when they are given out
  --allow-nan        takes inputs that hold NaN; --skip-bad-files: takes the others of several files
  --options JSON     more options of a job, as POST /v1/jobs takes them: '{"keepDays":3}'
${HUB_HELP}`;

/** The options that flags name. Throws where they do not go together. */
export function readOptions(flags: JobFlags, isStarted: boolean): JobOptions {
  const { task, labels, 'unit-price': unitPrice, 'price-max': priceMax, assurance } = flags;
  const [first = ''] = flags.inputs;
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
    ...(flags['allow-nan'] && { allowNan: true }),
    ...(flags['skip-bad-files'] && { skipBadFiles: true }),
    autoStart: isStarted,
  };
  return must(decodeWith(JobOptions, options, 'request-invalid'));
}

/** Options as JSON; a name, a task and a start have flags of their own, which go before. */
function readMore(text = '{}'): Record<string, unknown> {
  const more = decodeJson(v.record(v.string(), v.unknown()), text, 'request-invalid');
  if (more.ok) return more.value;
  const message = `--options: expected an object of JSON such as '{"keepDays":3}'`;
  throw fault('request-invalid', message);
}

/** The fields that are there. */
const given = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
