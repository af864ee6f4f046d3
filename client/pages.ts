import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** A hundred million facts: a hub whose pages never end is stopped. */
const PAGES_MAX = 100_000;

/**
 * Reads page after page from `from`, until one leads no further. `readPage` takes what it read
 * where it wants it and answers where the next page begins; so what came before a failure is kept.
 */
export async function readPages(
  from: number,
  readPage: (from: number) => Promise<Result<number>>,
): Promise<Result<number>> {
  let next = from;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await readPage(next);
    if (!page.ok) return page;
    if (page.value <= next) return accept(next);
    next = page.value;
  }
  return refuse('message-too-long', `The hub gives more than ${PAGES_MAX} pages of one list.`);
}

/** Reads a list whole, page by page from `from`. */
export async function readList<T>(
  from: number,
  readPage: (from: number) => Promise<Result<{ items: readonly T[]; next: number }>>,
): Promise<Result<T[]>> {
  const found: T[] = [];
  const read = await readPages(from, async (start) => {
    const page = await readPage(start);
    if (!page.ok) return page;
    for (const item of page.value.items) found.push(item);
    return accept(page.value.next);
  });
  return read.ok ? accept(found) : read;
}
