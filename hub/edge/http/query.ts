import { reject } from './answer.ts';

/** The largest number of a query. */
export const NUMBER_MAX = 10 ** 15 - 1;

/** What a whole number is at most, and what it is where it is not given. */
export interface CountBounds {
  otherwise: number;
  most: number;
}

/** How many a page has at most, and how many where nothing is said: `most` without. */
export interface PageBounds {
  most: number;
  otherwise?: number;
}

/** A whole number from a query string, between 0 and `most`; `otherwise` when it is not given. */
export function readCount(query: URLSearchParams, name: string, bounds: CountBounds): number {
  const text = query.get(name);
  if (text === null || text === '') return bounds.otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= bounds.most) return value;
  const message = `${name} must be a whole number between 0 and ${bounds.most}`;
  return reject('request-invalid', message, name);
}

/** A whole number of the query, or the given one where it is not named. */
export const readNumber = (query: URLSearchParams, name: string, otherwise: number): number =>
  readCount(query, name, { otherwise, most: NUMBER_MAX });

/** Where a page begins, by the name that its list has for that, and `limit`. */
export const readPage = (
  query: URLSearchParams,
  name: 'from' | 'after',
  { most, otherwise = most }: PageBounds,
): { from: number; limit: number } => ({
  from: readNumber(query, name, 0),
  limit: readCount(query, 'limit', { otherwise, most }),
});
