import * as v from 'valibot';
import { type CountBounds, NUMBER_MAX, type PageBounds } from './query.ts';

/** A schema under the name that it has in the description of the API, such as `{ JobView }`. */
export type Named = Readonly<Record<string, v.GenericSchema>>;

/** What a body is by its media type: JSON or a form of a schema, or bytes where that is null. */
export type Content = Readonly<Record<string, Named | null>>;

/** What a route says of itself. The description of the API is made of it. */
export interface Description {
  /** What the call does, in a sentence. */
  does: string;
  /** Fields of the query by name. */
  query?: Readonly<Record<string, v.GenericSchema>>;
  body?: Content;
  /** Answers that are no refusal, by status. */
  answers: Readonly<Record<number, Content>>;
  /** Its answer has a secret, and is not kept for a call that is made again. */
  isSecret?: true;
  /** It looks itself at what the caller brings: an API key or a ticket. */
  takesToken?: true;
  /** What a call takes from its address (`call-limits.ts`); nothing where it costs the hub little. */
  cost?: number;
}

/** JSON of a schema. */
export const json = (named: Named): Content => ({ 'application/json': named });
/** A form, by its fields: those that are `Files` are files, others texts. */
export const form = (named: Named): Content => ({ 'multipart/form-data': named });
/** Bytes of a media type. */
export const raw = (media = 'application/octet-stream'): Content => ({ [media]: null });
/** No body: an answer by 204. */
export const NOTHING: Content = {};

/** One or more files of a form. */
export const Files = v.pipe(v.array(v.file()), v.minLength(1));

const whole = (most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Math.min(most, NUMBER_MAX)));

/** A whole number of a query, as `readCount` takes it within the same bounds. */
export const count = (says: string, { otherwise, most }: CountBounds): v.GenericSchema =>
  v.optional(v.pipe(whole(most), v.description(says)), otherwise);

/** The same without a number that stands for an absent one. */
export const number = (says: string): v.GenericSchema =>
  v.optional(v.pipe(whole(NUMBER_MAX), v.description(says)));

/** A word of a query that may be absent. */
export const word = (says: string): v.GenericSchema =>
  v.optional(v.pipe(v.string(), v.description(says)));

/** What `readPage` takes within the same bounds. */
export const pageFields = (name: 'from' | 'after', { most, otherwise = most }: PageBounds) => ({
  [name]: count(
    name === 'from' ? 'The first number of the page.' : 'The page begins behind this number.',
    { otherwise: 0, most: NUMBER_MAX },
  ),
  limit: count('How many the page has at most.', { otherwise, most }),
});
