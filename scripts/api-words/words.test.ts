import { expect, it } from 'vitest';
import { readWords } from './words.ts';

const SOURCE = `
/** Who
 * it is. */
export const One = v.strictObject({
  /** Its name. */
  name: v.pipe(v.string(), v.minLength(1)),
  silent: v.string(),
  // No doc line.
  noted: v.string(),
  inside: v.optional(v.strictObject({
    /** Deep in it. */
    deep: v.array(v.strictObject({ /** Deeper. */ deeper: v.number() })),
  })),
});
/** A function is no schema. */
export const call = (name: string) => v.literal(name);
/** Another one. */
export const Two = v.strictObject({ ...One.entries, /** Its own. */ name: v.string() });
`;

it('doc lines of schemas and fields are read, also those that are taken over', () => {
  expect(Object.fromEntries(readWords([SOURCE]))).toEqual({
    One: 'Who it is.',
    'One.name': 'Its name.',
    'One.inside.deep': 'Deep in it.',
    'One.inside.deep.deeper': 'Deeper.',
    Two: 'Another one.',
    'Two.name': 'Its own.',
    'Two.inside.deep': 'Deep in it.',
    'Two.inside.deep.deeper': 'Deeper.',
  });
});
