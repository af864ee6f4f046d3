import { accept, type Result, refuse } from '#protocol/refusal.ts';
import { unitBytes } from '#protocol/tensor.ts';
import type { JobInputs } from '../inputs/port.ts';
import { specUnit } from '../inputs/units.ts';

/** Small units are checked and paid finely, long batches compute a little faster. */
const UNIT_ITEMS_AIM = 32;
/** An item of many bytes is much work: a picture is a unit of its own. */
const UNIT_BYTES_AIM = 64 * 1024;

/**
 * Items per unit: what the model fixes, else what the developer asked for, else a power of two of
 * at most 32 items and about 64 KiB.
 */
export function chooseUnitItems(job: {
  fixedBatch: number | undefined;
  inputs: JobInputs;
  asked: number | undefined;
}): Result<number> {
  const { fixedBatch, inputs, asked } = job;
  if (fixedBatch !== undefined && asked !== undefined && asked !== fixedBatch) {
    const message = `the model fixes batches of ${fixedBatch}; leave unitItems out or export it with a free batch dimension`;
    return refuse('model-inputs-mismatch', message, 'unitItems');
  }
  const given = fixedBatch ?? asked;
  if (given !== undefined) return accept(given);
  const room = UNIT_BYTES_AIM / unitBytes(specUnit(inputs, 1));
  const most = Math.min(UNIT_ITEMS_AIM, inputs.items, room);
  return accept(2 ** Math.max(0, Math.floor(Math.log2(most))));
}
