import fc from 'fast-check';
import { fakeJson, type JsonShape } from '#node/fake-json.ts';
import { spoiled } from '#node/fake-messages.ts';
import type { ApiDocument, Operation } from './document.ts';
import { fakeBodies } from './fake-bodies.ts';

/** A request made from the description of a call: as it says, nearly so, or not at all. */
export interface FakeRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | undefined;
  /** Its body breaks off in the middle. */
  isCut: boolean;
}

/** What is there, by the name that a path or a query has for it. */
export type KnownNames = Readonly<Record<string, readonly string[]>>;

/** A call of the description. */
export interface DescribedCall {
  method: string;
  path: string;
  operation: Operation;
}

/** Every call of a description. */
export const listCalls = ({ paths }: ApiDocument): DescribedCall[] =>
  Object.entries(paths).flatMap(([path, calls]) =>
    Object.entries(calls).map(([method, operation]) => ({ method, path, operation })),
  );

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const ODD = [
  ...['', ' ', '%00', '%ff', '...', '%', '%zz', '-1', '1e9', '99999999999999999999'],
  ...['null', 'NaN', '[]', '{}', '\u{1f600}', 'constructor', '__proto__', 'x'.repeat(3_000)],
];
const odd = fc.oneof(fc.constantFrom(...ODD), fc.string({ unit: 'binary', maxLength: 20 }));

/** Requests of one call. */
export function fakeRequests(
  document: ApiDocument,
  call: DescribedCall,
  known: KnownNames,
): fc.Arbitrary<FakeRequest> {
  const find = (ref: string): JsonShape =>
    (document.components.schemas[ref.split('/').at(-1) ?? ''] ?? {}) as JsonShape;
  const { operation } = call;
  const body =
    operation.requestBody === undefined
      ? fc.constant({ headers: {}, body: undefined })
      : fakeBodies(operation.requestBody.content, {
          make: (schema) => fakeJson(schema, find).chain((value) => nameFields(value, known)),
          spoil: (schema) => spoiled(fakeJson(schema, find)),
          find,
        });
  return fc
    .record({
      method: seldom(fc.constantFrom(...METHODS), fc.constant(call.method.toUpperCase())),
      path: fakePath(call, known),
      body,
      headers: seldom(strangeHeaders, fc.constant({})),
      isCut: seldom(fc.constant(true), fc.constant(false)),
    })
    .map(({ method, path, body: { headers, body }, headers: more, isCut }) => {
      const takesBody = method !== 'GET' && method !== 'HEAD';
      const all = { prefer: 'wait=1', ...headers, ...more };
      return { method, path, headers: all, ...(takesBody ? { body } : {}), isCut };
    });
}

/** Names something that is there in fields of a body, mostly. */
function nameFields(value: unknown, known: KnownNames): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fc.constant(value);
  const named = Object.keys(value).flatMap((field) => {
    const there = known[`body.${field}`];
    return there === undefined ? [] : [fc.constantFrom(...there).map((name) => [field, name])];
  });
  if (named.length === 0) return fc.constant(value);
  const filled = fc
    .tuple(...named)
    .map((fields) => ({ ...value, ...(Object.fromEntries(fields) as object) }));
  return fc.oneof({ weight: 3, arbitrary: filled }, { weight: 1, arbitrary: fc.constant(value) });
}

const seldom = <T>(rare: fc.Arbitrary<T>, usual: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 1, arbitrary: rare }, { weight: 9, arbitrary: usual });

const strangeHeaders: fc.Arbitrary<Record<string, string>> = fc.constantFrom(
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'multipart/form-data' },
  { 'content-encoding': 'gzip' },
  { range: 'bytes=5-2,x' },
  { range: 'bytes=0-0' },
  { 'if-none-match': '*' },
  { accept: 'text/html;q=0' },
  { prefer: 'wait=0, wait=99999999999' },
  { 'idempotency-key': 'one' },
  { 'idempotency-key': '"another"' },
  { 'idempotency-key': 'x'.repeat(300) },
);

function fakePath({ path, operation }: DescribedCall, known: KnownNames): fc.Arbitrary<string> {
  const fakeValue = (name: string, schema: unknown): fc.Arbitrary<string> => {
    const text = fakeJson(schema as JsonShape, () => ({})).map(String);
    const there = known[name] ?? [];
    const good = there.length === 0 ? text : fc.constantFrom(...there);
    return fc.oneof(
      { weight: 8, arbitrary: good.map(encode) },
      { weight: 2, arbitrary: text.map(encode) },
      { weight: 2, arbitrary: odd.map(encode) },
      { weight: 1, arbitrary: fc.constantFrom('%00', '%ff', '%E0%A4%A', '%2f') },
    );
  };
  const values = operation.parameters.map(({ name, schema }) => fakeValue(name, schema));
  const isNamed = fc.array(fc.boolean(), { minLength: values.length, maxLength: values.length });
  return fc.tuple(fc.tuple(...values), isNamed).map(([texts, named]) => {
    const query: string[] = [];
    let filled = path;
    for (const [at, parameter] of operation.parameters.entries()) {
      const text = texts[at] ?? '';
      if (parameter.in === 'path') filled = filled.replace(`{${parameter.name}}`, () => text);
      else if (parameter.in === 'query' && named[at]) query.push(`${parameter.name}=${text}`);
    }
    return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
  });
}

/**
 * As a URL has it. Half a surrogate pair, which none can have, is replaced, and so is a step up, which
 * would lead to another call.
 */
const encode = (text: string): string =>
  encodeURIComponent(Buffer.from(text.replace(/^\.{1,2}$/, '%2e')).toString());
