import fc from 'fast-check';

/** What is read of a schema of valibot: its parts and the rules of its pipe. */
interface Shape {
  type: string;
  entries?: Record<string, Shape>;
  options?: readonly unknown[];
  literal?: unknown;
  item?: Shape;
  items?: readonly Shape[];
  wrapped?: Shape;
  pipe?: readonly { kind?: string; type: string; requirement?: unknown }[];
}

const LONGEST = 40;
const text = fc.string({ maxLength: 20, unit: 'binary' });
const ODD: unknown[] = [
  ...[null, '', ' ', 0, -1, 1e300, 0.5, Number.MAX_SAFE_INTEGER, true, [], {}, [[[[]]]]],
  ...['constructor', '__proto__', 'toString', '\u0000', '\ud800', 'x'.repeat(3_000)],
];

/** Messages that a schema takes, or nearly: what a `check` asks for is not known here. */
export function fakeMessages(schema: unknown): fc.Arbitrary<unknown> {
  return ofShape(schema as Shape);
}

/** The same with some fields changed, left out or added: few of them are taken. */
export const spoiledMessages = (schema: unknown): fc.Arbitrary<unknown> =>
  spoiled(fakeMessages(schema));

/** Values like these with some fields changed, left out or added. */
export function spoiled(messages: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...ODD), fc.nat(3)), {
    minLength: 1,
    maxLength: 3,
  });
  return fc.tuple(messages, changes).map(([message, all]) => {
    const changed = structuredClone(message);
    for (const [at, odd, how] of all) spoil(changed, { at, odd: structuredClone(odd), how });
    return changed;
  });
}

function spoil(message: unknown, { at, odd, how }: { at: number; odd: unknown; how: number }) {
  const places = placesOf(message);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return;
  const [holder, name] = place;
  if (how === 0) delete holder[name];
  else if (how === 1) holder[`${name}x`] = odd;
  else holder[name] = odd;
}

/** Every field at any depth, with the object that holds it. */
function placesOf(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((name) => [
    [holder, name] as [Record<string, unknown>, string],
    ...placesOf(holder[name]),
  ]);
}

function ofShape(shape: Shape): fc.Arbitrary<unknown> {
  const { wrapped, item, items = [], options = [] } = shape;
  switch (shape.type) {
    case 'literal':
      return fc.constant(shape.literal);
    case 'picklist':
      return fc.constantFrom(...options);
    case 'variant':
    case 'union':
      return fc.oneof(...options.map((option) => ofShape(option as Shape)));
    case 'optional':
    case 'exact_optional':
    case 'nullable':
    case 'nullish':
      return wrapped === undefined ? fc.constant(null) : ofShape(wrapped);
    case 'array':
      return fc.array(item === undefined ? fc.anything() : ofShape(item), { maxLength: 4 });
    case 'tuple':
      return fc.tuple(...items.map(ofShape));
    case 'boolean':
      return fc.boolean();
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 2 ** 20 }), fc.double({ min: 0, noNaN: true }));
    case 'string':
      return ofText(shape);
    default:
      return shape.entries === undefined ? fc.jsonValue({ maxDepth: 2 }) : ofObject(shape.entries);
  }
}

function ofObject(entries: Record<string, Shape>): fc.Arbitrary<unknown> {
  const fields = Object.entries(entries);
  const needed = fields.filter(([, { type }]) => !/optional|nullish/.test(type));
  const parts = Object.fromEntries(fields.map(([name, each]) => [name, ofShape(each)]));
  return fc.record(parts, { requiredKeys: needed.map(([name]) => name) });
}

function ofText({ pipe = [] }: Shape): fc.Arbitrary<string> {
  const pattern = pipe.find(({ requirement }) => requirement instanceof RegExp)?.requirement;
  const longest = pipe.find(({ type }) => type === 'max_length')?.requirement;
  const maxLength = Math.min(LONGEST, typeof longest === 'number' ? longest : LONGEST);
  return pattern instanceof RegExp
    ? // Of patterns that take either case, one case will do.
      fc.oneof(fc.stringMatching(new RegExp(pattern.source), { size: 'small' }), text)
    : fc.string({ maxLength });
}
