import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Root } from '#protocol/values/ids.ts';
import { FAKE_UNIT_BYTES, type FakeBlobs } from './fake-model.ts';

/**
 * What a fake model does with an item that it cannot compute: the runtime says so, the compute
 * worker ends, or the run does not.
 */
export const POISONS = ['refuses', 'dies', 'hangs'] as const;
export type Poison = (typeof POISONS)[number];

/** Items that begin with a byte below this cannot be computed. What is slow to find is rare. */
const BELOW: Record<Poison, number> = { refuses: 8, dies: 2, hangs: 1 };

/** Written at the end of a model's file. */
export const poisonMark = (poison: Poison | undefined): string =>
  poison === undefined ? '' : ` ${poison}`;

/** What a model does with bad items; undefined for one that takes any. */
export function poisonOf(blobs: FakeBlobs, model: Root): Poison | undefined {
  const file = new TextDecoder().decode(blobs.get(model));
  return POISONS.find((poison) => file.endsWith(poisonMark(poison)));
}

/** Places of the items in a unit that a model cannot compute. */
export function poisonedPlaces(
  poison: Poison | undefined,
  specs: readonly TensorSpec[],
  unit: Uint8Array,
): number[] {
  if (poison === undefined) return [];
  const items = specs[0]?.shape[0] ?? 1;
  return Array.from({ length: items }, (_, place) => place).filter(
    (place) => (unit[(place * FAKE_UNIT_BYTES) / items] ?? 255) < BELOW[poison],
  );
}

/** What the runtime is made to say. */
export const POISON_WORDS = 'the runtime could not run the model: the item is poison';
