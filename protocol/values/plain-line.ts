import * as v from 'valibot';

/** Characters that end a line, or that show text otherwise than it was written. */
const HIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** One line of plain text, of at most so many characters: none of them breaks, turns or hides it. */
export const plainLine = (charactersMax: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1, 'expected some text'),
    v.maxLength(charactersMax, `expected at most ${charactersMax} characters`),
    v.check(
      (text) => !HIDDEN.test(text),
      'expected one line of plain text, without control characters',
    ),
  );
