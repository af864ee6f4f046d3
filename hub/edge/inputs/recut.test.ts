import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { bytes } from '#protocol/values/units.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import type { BlobStore } from '../blobs/port.ts';
import { recutItems } from './recut.ts';
import { packUnits } from './units.ts';

let folder = '';
let blobs: BlobStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-recut-'));
  blobs = await openFolderBlobs(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Tensors of so many items, with an input of its own width each. */
function makeJob(items: number, unitItems: number, widths: readonly number[]) {
  const specs = widths.map(
    (width, at): TensorSpec => ({ name: `x${at}`, dtype: 'u8', shape: [unitItems, width] }),
  );
  const tensors = new Map(
    widths.map((width, at) => {
      const data = Uint8Array.from({ length: items * width }, (_, place) => (place * 7 + at) % 251);
      return [`x${at}`, { dtype: 'u8' as const, shape: [items, width], data }];
    }),
  );
  return { items, unitItems, specs, tensors };
}

it('units are cut into the ones that a job of another size would have had', async () => {
  const job = fc.record({
    items: fc.integer({ min: 1, max: 60 }),
    unitItems: fc.integer({ min: 1, max: 9 }),
    next: fc.integer({ min: 1, max: 9 }),
    widths: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(job, async ({ items, unitItems, next, widths }) => {
      const posted = makeJob(items, unitItems, widths);
      const kept = await blobs.put(packUnits(posted).bytes, 2 ** 30);
      if (!kept.ok) throw new Error(kept.refusal.message);
      const cut = await recutItems(blobs, {
        ...{ inputs: kept.value, specs: posted.specs, items, unitItems: next },
      });
      if (!cut.ok) throw new Error(cut.refusal.message);
      const wanted = packUnits(makeJob(items, next, widths));
      const units = await blobs.read(cut.value.inputs.root, 0, cut.value.inputs.length);
      expect(units.ok && Buffer.compare(units.value, wanted.bytes)).toBe(0);
      expect(cut.value.digestBytes).toEqual(wanted.digests);
      const digests = await blobs.read(
        cut.value.inputDigests.root,
        0,
        cut.value.inputDigests.length,
      );
      expect(digests.ok && Buffer.compare(digests.value, wanted.digests)).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('units of more bytes than are read at once are cut all the same', async () => {
  const posted = makeJob(3, 2, [2_200_000]);
  const kept = await blobs.put(packUnits(posted).bytes, 2 ** 30);
  if (!kept.ok) throw new Error(kept.refusal.message);
  const cut = await recutItems(blobs, {
    inputs: kept.value,
    specs: posted.specs,
    items: 3,
    unitItems: 1,
  });
  expect(cut).toMatchObject({ ok: true, value: { inputs: { length: 6_600_000 } } });
  if (cut.ok) expect(cut.value.digestBytes).toEqual(packUnits(makeJob(3, 1, [2_200_000])).digests);
});

it('units that are not there are refused', async () => {
  const inputs = { root: 'ab'.repeat(32) as never, length: bytes(unitBytes([])) };
  const specs: TensorSpec[] = [{ name: 'x', dtype: 'u8', shape: [2, 1] }];
  expect(await recutItems(blobs, { inputs, specs, items: 2, unitItems: 1 })).toMatchObject({
    ok: false,
  });
});
