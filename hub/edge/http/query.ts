import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** A whole number from a query string, between 0 and `most`; `otherwise` when it is not given. */
export function readCount(
  query: URLSearchParams,
  name: string,
  bounds: { otherwise: number; most: number },
): Result<number> {
  const text = query.get(name);
  if (text === null || text === '') return accept(bounds.otherwise);
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= bounds.most) return accept(value);
  const message = `${name} must be a whole number between 0 and ${bounds.most}`;
  return refuse('request-invalid', message, name);
}
