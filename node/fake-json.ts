import fc from 'fast-check';

/** What is read of a JSON Schema. */
export interface JsonShape {
  $ref?: string;
  type?: unknown;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly unknown[];
  oneOf?: readonly unknown[];
  properties?: Record<string, unknown>;
  required?: readonly string[];
  additionalProperties?: unknown;
  items?: unknown;
  prefixItems?: readonly unknown[];
  minItems?: number;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
}

const LONGEST = 40;
const ITEMS_MAX = 4;

/**
 * Values that a JSON Schema takes, or nearly: only the keywords above are known here. `find` gives
 * what a `$ref` refers to; none refers to itself.
 */
export function fakeJson(
  schema: JsonShape,
  find: (ref: string) => JsonShape,
): fc.Arbitrary<unknown> {
  const each = (inner: unknown) => fakeJson(inner as JsonShape, find);
  const { $ref, anyOf, oneOf } = schema;
  if ($ref !== undefined) return each(find($ref));
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const some = anyOf ?? oneOf;
  if (some !== undefined) return fc.oneof(...some.map(each));
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'integer':
    case 'number':
      return ofNumber(schema);
    case 'string':
      return ofText(schema);
    case 'array':
      return ofList(schema, each);
    case 'object':
      return ofObject(schema, each);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

type Each = (inner: unknown) => fc.Arbitrary<unknown>;

function ofNumber({ type, minimum = 0, maximum = 2 ** 53 - 1 }: JsonShape): fc.Arbitrary<number> {
  const ends = fc.constantFrom(minimum, maximum);
  const near = { min: Math.ceil(minimum), max: Math.min(maximum, Math.ceil(minimum) + 2 ** 20) };
  if (near.max < near.min) return ends;
  const whole = fc.integer({ ...near, max: Math.min(near.max, 2 ** 31 - 1) });
  if (type === 'integer') return fc.oneof(whole, ends);
  return fc.oneof(whole, ends, fc.double({ min: minimum, max: maximum, noNaN: true }));
}

function ofText({ pattern, minLength = 0, maxLength = LONGEST }: JsonShape): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern), { size: 'small' });
  const longest = Math.max(minLength, Math.min(LONGEST, maxLength));
  return fc.string({ minLength, maxLength: longest });
}

function ofList({ prefixItems, items, minItems = 0 }: JsonShape, each: Each) {
  if (prefixItems !== undefined) return fc.tuple(...prefixItems.map(each));
  const bounds = { minLength: minItems, maxLength: Math.max(minItems, ITEMS_MAX) };
  return fc.array(each(items ?? {}), bounds);
}

function ofObject(schema: JsonShape, each: Each): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const parts = Object.entries(properties).map(([name, inner]) => [name, each(inner)] as const);
  const known = fc.record(Object.fromEntries(parts), { requiredKeys: [...required] });
  if (typeof additionalProperties !== 'object') return known;
  const names = fc.string({ minLength: 1, maxLength: 20 });
  const more = fc.dictionary(names, each(additionalProperties), { maxKeys: 3 });
  return fc.tuple(known, more).map(([own, others]) => ({ ...others, ...(own as object) }));
}
