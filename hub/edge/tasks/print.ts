import type { LineExtras } from '#protocol/tensors/tensor-lines.ts';
import type { TaskItems, TaskSettings } from './port.ts';
import { openAnswers } from './registry.ts';

/**
 * Prints the answers of some items, one JSON object a line: what `instead` has for an item, and the
 * name of its file before, where it has one.
 */
export function printAnswers(
  task: TaskSettings,
  items: TaskItems,
  { instead, files }: LineExtras = {},
): string {
  const lines = openAnswers(task)(items).map((answer, at) => {
    const file = files?.[at];
    return `${JSON.stringify({ ...(file !== undefined && { file }), ...(instead?.get(at) ?? answer) })}\n`;
  });
  return lines.join('');
}
