import { expect, it } from 'vitest';
import { accept, refuse } from '#protocol/values/refusal.ts';
import { readList, readPages } from './pages.ts';

const numbers = (limit: number) => async (from: number) => {
  const items = [1, 2, 3, 4, 5].filter((number) => number > from).slice(0, limit);
  return accept({ items, next: items.at(-1) ?? from });
};

it('reading a list gives every item once, whatever the size of a page', async () => {
  for (const limit of [1, 2, 5, 9]) {
    expect(await readList(0, numbers(limit))).toEqual(accept([1, 2, 3, 4, 5]));
  }
  expect(await readList(3, numbers(2))).toEqual(accept([4, 5]));
});

it('reading pages keeps what came before a refusal', async () => {
  const seen: number[] = [];
  const read = await readPages(0, async (from) => {
    if (from === 2) return refuse('download-failed', 'cut');
    seen.push(from);
    return accept(from + 1);
  });
  expect(read).toMatchObject({ ok: false, refusal: { code: 'download-failed' } });
  expect(seen).toEqual([0, 1]);
});

it('a page that leads back ends the reading, and pages without end are refused', async () => {
  expect(await readPages(5, async () => accept(3))).toEqual(accept(5));
  const endless = await readPages(0, async (from) => accept(from + 1));
  expect(endless).toMatchObject({ ok: false, refusal: { code: 'message-too-long' } });
});
