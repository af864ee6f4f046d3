import type { OnnxModel } from '#protocol/onnx/model.ts';
import type { RowTaskName } from '#protocol/tasks/task.ts';
import type { Tensor, TensorSpec } from '#protocol/tensors/tensor.ts';
import { why } from '#protocol/values/reason.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { checkOptions } from '../options.ts';
import type { Prepared, TaskSettings, TextTask } from '../port.ts';
import { TEXTS } from '../registry.ts';
import type { TextItem } from '../texts.ts';
import { chooseLength, fillRows, fillSpecs, listTokenInputs } from '../token-rows.ts';
import { openTokenizer, type TextTokenizer, type Tokens } from '../tokenizer.ts';

/** Makes tokens of texts, and of a model as it is published one that answers the task. */
export function prepareTexts(
  model: OnnxModel,
  items: readonly TextItem[],
  { options, settings }: TaskSettings & { options: { name: RowTaskName } },
): Result<Prepared> {
  const task = TEXTS[options.name];
  const refused = checkOptions(options);
  if (refused !== undefined) return refused;
  const inputs = listTokenInputs(model);
  if (!inputs.ok) return inputs;
  const opened = openTokenizer(settings);
  if (!opened.ok) return opened;
  const tokenizer = opened.value;
  const fixed = inputs.value.find(({ length }) => length !== undefined)?.length;
  const most = Math.min(fixed ?? tokenizer.longest, options.maxTokens ?? tokenizer.longest);
  const rows = encodeItems(items, { task, options, settings, tokenizer, most });
  if (!rows.ok) return rows;
  const length = fixed ?? chooseLength(rows.value, most);
  const tensors = fillRows(inputs.value, rows.value, {
    ...{ length, group: task.pairsOf?.(options).length },
    padding: tokenizer.padding,
  });
  if (!tensors.ok) return tensors;
  const headed = task.addHead(model, { options, settings, length, mask: tokenizer.mask });
  if (!headed.ok) return headed;
  const cut = rows.value.filter(({ isCut }) => isCut).length;
  const notes = cut === 0 ? [] : [why('texts-cut', { texts: cut, tokens: most })];
  return accept({ model: headed.value, tensors: tensors.value, notes });
}

/** Makes rows of texts for a job that has its model already: `specs` are the inputs of that. */
export function readTextRows(
  items: readonly TextItem[],
  specs: readonly TensorSpec[],
  { options, settings }: TaskSettings & { options: { name: RowTaskName } },
): Result<Map<string, Tensor>> {
  const opened = openTokenizer(settings);
  if (!opened.ok) return opened;
  const tokenizer = opened.value;
  const length = specs[0]?.shape.at(-1) ?? 1;
  const most = Math.min(tokenizer.longest, options.maxTokens ?? tokenizer.longest);
  const task = TEXTS[options.name];
  const rows = encodeItems(items, { task, options, settings, tokenizer, most });
  if (!rows.ok) return rows;
  const longest = Math.max(...rows.value.map(({ ids }) => ids.length));
  if (longest <= length) return fillSpecs(specs, rows.value, tokenizer.padding);
  const message = `a text has ${longest} tokens, and the rows of this job have ${length}, as its first texts needed; post another open job for longer ones`;
  return refuse('input-too-big', message);
}

interface Encoding extends TaskSettings {
  task: TextTask;
  tokenizer: TextTokenizer;
  most: number;
}

/** The rows of all items: one each, or as many as the task says. */
function encodeItems(items: readonly TextItem[], encoding: Encoding): Result<Tokens[]> {
  const { task, options, tokenizer, most } = encoding;
  const all: Tokens[] = [];
  for (const item of items) {
    for (const pair of task.pairsOf?.(options) ?? [item.pair]) {
      const row = tokenizer.encode(item.text, pair, most);
      const refused = checkRow(row, item, encoding);
      if (refused !== undefined) return refused;
      all.push(row);
    }
  }
  return accept(all);
}

function checkRow(
  row: Tokens,
  item: TextItem,
  { task, options, tokenizer, most }: Encoding,
): Result<never> | undefined {
  const { pair, at } = item;
  if (pair !== undefined && task.pairs === 'never') {
    const message = `${at} has a pair, and ${options.name} takes single texts; drop it`;
    return refuse('input-name', message, at);
  }
  if (pair === undefined && task.pairs === 'always') {
    const message = `${at} has no document; write {"query": "…", "document": "…"}`;
    return refuse('input-name', message, at);
  }
  if (row.ids.length === 0)
    return refuse('input-empty', `${at} has no tokens; write a text there`, at);
  if (row.isCut && options.overLength === 'refuse') {
    const message = `${at} has more than ${most} tokens, which is what the model takes; shorten it, or set overLength to truncate`;
    return refuse('input-too-big', message, at);
  }
  return task.checkText?.(row, item, tokenizer);
}
