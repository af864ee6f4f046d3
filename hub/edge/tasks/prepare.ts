import type { OnnxModel } from '#protocol/onnx/model.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { addHead } from './heads.ts';
import type { Settings } from './repository.ts';
import type { TextItem } from './texts.ts';
import { chooseLength, fillRows, listTokenInputs } from './token-rows.ts';
import { openTokenizer, type TextTokenizer, type Tokens } from './tokenizer.ts';

/** A model and its inputs, made for a task. */
export interface Prepared {
  model: OnnxModel;
  /** By input, items first. */
  tensors: Map<string, Tensor>;
  notes: Reason[];
}

/** What a label is put into, as in Hugging Face's pipelines. */
const HYPOTHESIS = 'This example is {}.';

/** Makes tokens of texts, and of a model as it is published one that answers the task. */
export function prepareTexts(
  model: OnnxModel,
  items: readonly TextItem[],
  { options, settings }: { options: TaskOptions; settings: Settings },
): Result<Prepared> {
  const refused = checkOptions(options);
  if (refused !== undefined) return refused;
  const inputs = listTokenInputs(model);
  if (!inputs.ok) return inputs;
  const opened = openTokenizer(settings);
  if (!opened.ok) return opened;
  const tokenizer = opened.value;
  const fixed = inputs.value.find(({ length }) => length !== undefined)?.length;
  const most = Math.min(fixed ?? tokenizer.longest, options.maxTokens ?? tokenizer.longest);
  const rows = encodeItems(items, { options, tokenizer, most });
  if (!rows.ok) return rows;
  const length = fixed ?? chooseLength(rows.value, most);
  const group = options.name === 'zero-shot-classification' ? options.labels?.length : undefined;
  const tensors = fillRows(inputs.value, rows.value, {
    ...{ length, group },
    padding: tokenizer.padding,
  });
  if (!tensors.ok) return tensors;
  const headed = addHead(model, { options, settings, length, mask: tokenizer.mask });
  if (!headed.ok) return headed;
  const cut = rows.value.filter(({ isCut }) => isCut).length;
  const notes = cut === 0 ? [] : [why('texts-cut', { texts: cut, tokens: most })];
  return accept({ model: headed.value, tensors: tensors.value, notes });
}

/** Options that other tasks have, and labels where there must be some. */
function checkOptions(options: TaskOptions): Result<never> | undefined {
  const own: Readonly<Partial<Record<keyof TaskOptions, TaskOptions['name'][]>>> = {
    pooling: ['feature-extraction'],
    normalize: ['feature-extraction'],
    topK: ['text-classification', 'fill-mask', 'zero-shot-classification'],
    labels: ['zero-shot-classification'],
    hypothesis: ['zero-shot-classification'],
    multiLabel: ['zero-shot-classification'],
  };
  for (const [option, tasks] of Object.entries(own)) {
    if (!(option in options) || tasks.includes(options.name)) continue;
    const message = `task.${option} is for ${tasks.join(' and ')}; leave it out for ${options.name}`;
    return refuse('request-invalid', message, `task.${option}`);
  }
  if (options.name !== 'zero-shot-classification' || options.labels !== undefined) return undefined;
  const message =
    'zero-shot-classification needs what texts may be about: "labels": ["sport", "politics"]';
  return refuse('request-invalid', message, 'task.labels');
}

interface Encoding {
  options: TaskOptions;
  tokenizer: TextTokenizer;
  most: number;
}

/** The rows of all items: one each, or one for each label. */
function encodeItems(items: readonly TextItem[], encoding: Encoding): Result<Tokens[]> {
  const { options, tokenizer, most } = encoding;
  const all: Tokens[] = [];
  for (const item of items) {
    for (const pair of pairsOf(item, options)) {
      const row = tokenizer.encode(item.text, pair, most);
      const refused = checkRow(row, item, encoding);
      if (refused !== undefined) return refused;
      all.push(row);
    }
  }
  return accept(all);
}

function pairsOf({ pair }: TextItem, { labels, hypothesis = HYPOTHESIS }: TaskOptions) {
  if (labels === undefined) return [pair];
  return labels.map((label) => hypothesis.replace('{}', () => label));
}

function checkRow(
  { ids, isCut }: Tokens,
  { pair, at }: TextItem,
  { options, tokenizer, most }: Encoding,
): Result<never> | undefined {
  const { name } = options;
  if (pair !== undefined && (options.labels !== undefined || name === 'fill-mask')) {
    return refuse('input-name', `${at} has a pair, and ${name} takes single texts; drop it`, at);
  }
  if (pair === undefined && name === 'text-ranking') {
    const message = `${at} has no document; write {"query": "…", "document": "…"}`;
    return refuse('input-name', message, at);
  }
  if (ids.length === 0) return refuse('input-empty', `${at} has no tokens; write a text there`, at);
  if (isCut && options.overLength === 'refuse') {
    const message = `${at} has more than ${most} tokens, which is what the model takes; shorten it, or set overLength to truncate`;
    return refuse('input-too-big', message, at);
  }
  if (name !== 'fill-mask') return undefined;
  const masks = ids.filter((id) => id === tokenizer.mask).length;
  if (masks === 1) return undefined;
  const message = `${at} has ${masks} times ${tokenizer.maskText}, and each text has one word to be found; write it where that word is`;
  return refuse('input-format', message, at);
}
