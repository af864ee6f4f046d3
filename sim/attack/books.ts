import type { Terms } from './terms.ts';

/** What an identity has behind it, in C. */
export interface Books {
  /** Its work. */
  work: number;
  /** Of it, what is not paid yet, and what never will be as it was its first. */
  held: number;
  trial: number;
}

/** Keeps the books of an identity; `add` is told of units of one cost. */
export function openBooks({ rule, holdback: { ppm, capUnits } }: Terms) {
  const books: Books = { work: 0, held: 0, trial: 0 };
  let dearest = 0;
  const add = (cost: number, units: number): void => {
    dearest = Math.max(dearest, cost);
    const trial = rule.probationUnits * dearest - books.work;
    books.trial += cost * Math.min(units, Math.max(0, Math.ceil(trial / cost - 1e-9)));
    books.work += cost * units;
    books.held = Math.min(books.held + cost * units, (ppm / 1e6) * books.work, capUnits * dearest);
  };
  return { books, add };
}
