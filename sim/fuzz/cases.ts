import fc from 'fast-check';

/** One change to bytes. `at` is taken modulo their length. */
export interface Edit {
  how: 'hex' | 'flip' | 'set' | 'drop' | 'cut' | 'grow' | 'repeat';
  at: number;
  value: number;
}

/**
 * One change to a JSON value: the `at`-th of its fields, modulo their number. A `twist` leaves the
 * field what its schema wants, most often, and makes it another.
 */
export interface Graft {
  how: 'twist' | 'delete' | 'replace' | 'extra';
  at: number;
  value: unknown;
}

/** Messages by which somebody gets paid or banned, or by which items of a job are given up. */
export type Victim = 'commit' | 'reveal' | 'verdict' | 'prepared' | 'unit-failed' | 'examined';

/** How one message is spoiled before it is sent. */
export type FuzzCase =
  | { type: 'bytes'; victim: Victim; edits: Edit[] }
  | { type: 'fields'; victim: Victim; grafts: Graft[] }
  /** A right frame for another lease, or of another length, dtype, salt or order. */
  | {
      type: 'result';
      lease: 'own' | 'other' | 'ended' | 'none';
      committed: boolean;
      /** Added to the length of the payload. */
      bytes: number;
      fill: 'right' | 'zero' | 'nan' | 'noise';
      salt: 'right' | 'other';
    }
  | { type: 'noise'; binary: boolean; data: Uint8Array };

const edit = fc.record<Edit>({
  how: fc.constantFrom('hex', 'hex', 'hex', 'flip', 'set', 'drop', 'cut', 'grow', 'repeat'),
  at: fc.nat(),
  value: fc.nat(255),
});
/** Values that schemas have been seen to let through elsewhere, beside any JSON at all. */
const awkward = fc.constantFrom<unknown>(
  -1,
  0.5,
  2 ** 53,
  1e308,
  -0,
  '',
  '0',
  'NaN',
  null,
  [],
  {},
  [0, 0],
  'ab'.repeat(16),
  'ab'.repeat(32),
  'AB'.repeat(32),
  'ab'.repeat(64),
  '__proto__',
  'job_0123456789abcdef',
);
const graft = fc.record<Graft>({
  how: fc.constantFrom('twist', 'twist', 'twist', 'delete', 'replace', 'extra'),
  at: fc.nat(),
  value: fc.oneof(awkward, fc.jsonValue({ maxDepth: 1 })),
});
const victim = fc.constantFrom<Victim>(
  'commit',
  'reveal',
  'reveal',
  'verdict',
  'prepared',
  'unit-failed',
  'examined',
);

/** Any spoiled message. */
export const fuzzCase: fc.Arbitrary<FuzzCase> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('bytes' as const),
      victim,
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('fields' as const),
      victim,
      grafts: fc.array(graft, { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('result' as const),
      lease: fc.constantFrom('own', 'own', 'own', 'other', 'ended', 'none'),
      committed: fc.boolean(),
      bytes: fc.oneof(fc.constant(0), fc.integer({ min: -64, max: 64 })),
      fill: fc.constantFrom('right', 'zero', 'nan', 'noise'),
      salt: fc.constantFrom('right', 'other'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('noise' as const),
      binary: fc.boolean(),
      data: fc.uint8Array({ maxLength: 300 }),
    }),
  },
);

export function spoilBytes(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array<ArrayBuffer> {
  let spoiled = new Uint8Array(bytes);
  for (const { how, at, value } of edits) {
    const place = at % Math.max(1, spoiled.length);
    const byte = spoiled[place] ?? 0;
    switch (how) {
      case 'hex':
        spoiled[place] = '0123456789abcdef'.charCodeAt(value & 15);
        break;
      case 'flip':
        spoiled[place] = byte ^ (1 << (value & 7));
        break;
      case 'set':
        spoiled[place] = value;
        break;
      case 'drop':
        spoiled = Uint8Array.of(...spoiled.subarray(0, place), ...spoiled.subarray(place + 1));
        break;
      case 'cut':
        spoiled = spoiled.slice(0, place);
        break;
      case 'grow':
        spoiled = Uint8Array.of(...spoiled, ...new Uint8Array(1 + (at % 32)).fill(value));
        break;
      case 'repeat':
        spoiled = Uint8Array.of(...spoiled, ...spoiled.subarray(place));
        break;
    }
  }
  return spoiled;
}

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** Every field of a value, at any depth, with the object that holds it. */
function fieldsOf(value: unknown): [holder: Fields, name: string][] {
  if (!isFields(value)) return [];
  return Object.keys(value).flatMap((name) => [
    [value, name] as [Fields, string],
    ...fieldsOf(value[name]),
  ]);
}

/** A copy of a JSON value with some of its fields changed. */
export function spoilFields<T>(value: T, grafts: readonly Graft[]): unknown {
  const spoiled: unknown = structuredClone(value);
  for (const { how, at, value: drawn } of grafts) {
    // A copy: the drawn value may be the same object as that of another graft.
    const other: unknown = structuredClone(drawn);
    const fields = fieldsOf(spoiled);
    const [holder, name] = fields[at % Math.max(1, fields.length)] ?? [];
    if (holder === undefined || name === undefined) continue;
    if (how === 'delete') delete holder[name];
    else if (how === 'twist') holder[name] = twist(holder[name], at);
    else if (how === 'replace') holder[name] = other;
    else holder[`${name} `] = other;
  }
  return spoiled;
}

function twist(value: unknown, at: number): unknown {
  if (typeof value === 'number') return value + 1 + (at % 7);
  if (typeof value !== 'string') return value;
  const place = at % Math.max(1, value.length);
  const digit = (at >> 8) & 15;
  return value.slice(0, place) + digit.toString(16) + value.slice(place + 1);
}
