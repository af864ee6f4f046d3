import fc from 'fast-check';
import type { JsonShape } from '#node/fake-json.ts';
import { fakeModel } from '../../sockets/fake-job.ts';
import type { Media } from './document.ts';

/** A body and what its headers say of it. */
export interface FakeBody {
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | undefined;
}

/** How values of a schema are made. */
export interface Makers {
  make(schema: JsonShape): fc.Arbitrary<unknown>;
  spoil(schema: JsonShape): fc.Arbitrary<unknown>;
  find(ref: string): JsonShape;
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes));

const WRONG = [
  ...['', '{', '[]', 'null', '"', '{"a":1e999}', '{"a":1}{"b":2}', '\ufeff{}', 'a=b&c=d'],
  ...['['.repeat(50_000), `{"x":${'9'.repeat(5_000)}}`, `{"__proto__":{"name":"x"}}`],
];
const wrongBytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  fc.constantFrom(...WRONG).map(utf8),
  fc.constantFrom(new Uint8Array([0xff, 0xfe, 0x7b, 0]), new Uint8Array([0x7b, 0xc3, 0x28, 0x7d])),
  noise,
);

/** Bodies of these media types: as they are described, spoiled, and wrong from the first byte. */
export function fakeBodies(content: Media, makers: Makers): fc.Arbitrary<FakeBody> {
  const each = Object.entries(content).map(([media, { schema }]) => {
    if (schema === undefined) return noise.map((body) => typed(media, body));
    if (media === 'multipart/form-data') return fakeForms(schema as JsonShape, makers);
    return fakeTexts(schema as JsonShape, makers).map((body) => typed(media, body));
  });
  return fc.oneof(...each);
}

const typed = (media: string, body: Uint8Array<ArrayBuffer>): FakeBody => ({
  headers: { 'content-type': media },
  body,
});

function fakeTexts(
  schema: JsonShape,
  { make, spoil }: Makers,
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const written = (values: fc.Arbitrary<unknown>) =>
    values.map((value) => utf8(JSON.stringify(value) ?? 'null'));
  return fc.oneof(
    { weight: 5, arbitrary: written(make(schema)) },
    { weight: 3, arbitrary: written(spoil(schema)) },
    { weight: 1, arbitrary: wrongBytes },
  );
}

const BOUNDARY = 'fake-boundary';
/** Files that some call takes. */
const FILES = [
  fakeModel,
  utf8('{"x":[1,2,3]}\n{"x":[4,5,6]}'),
  utf8('{"custom_id":"1","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}'),
  new Uint8Array(),
];

interface FakePart {
  name: string;
  file?: string;
  body: Uint8Array;
}

function fakeForms(schema: JsonShape, makers: Makers): fc.Arbitrary<FakeBody> {
  const whole = schema.$ref === undefined ? schema : makers.find(schema.$ref);
  const parts = Object.entries(whole.properties ?? {}).map(([name, field]) =>
    fakeParts(name, field as JsonShape, makers),
  );
  const strange = fc.record({ name: fc.string({ maxLength: 8 }), body: noise });
  return fc
    .tuple(
      fc.tuple(...parts),
      fc.option(strange, { freq: 8, nil: undefined }),
      fc.constantFrom(BOUNDARY, BOUNDARY, BOUNDARY, BOUNDARY, 'another', ''),
    )
    .map(([fields, more, boundary]) => ({
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: printForm([...fields.flat(), ...(more === undefined ? [] : [more])]),
    }));
}

/** The parts of one field: files where it holds such, otherwise a text; now and then none. */
function fakeParts(name: string, field: JsonShape, makers: Makers): fc.Arbitrary<FakePart[]> {
  if (field.type === 'array') {
    const file = fc
      .tuple(fc.oneof(fc.constantFrom(...FILES), noise), fc.string({ maxLength: 12 }))
      .map(([body, title]) => ({ name, file: title, body }));
    return fc.array(file, { maxLength: 2 });
  }
  const bare = 'const' in field ? fc.constant(utf8(String(field.const))) : fakeTexts(field, makers);
  const part = bare.map((body): FakePart[] => [{ name, body }]);
  const none = fc.constant<FakePart[]>([]);
  return fc.oneof({ weight: 8, arbitrary: part }, { weight: 1, arbitrary: none });
}

function printForm(parts: readonly FakePart[]): Uint8Array<ArrayBuffer> {
  const printed = parts.flatMap(({ name, file, body }) => {
    const quoted = (text: string) => text.replaceAll(/["\r\n\\]/g, '_');
    const title = file === undefined ? '' : `; filename="${quoted(file)}"`;
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${quoted(name)}"${title}\r\n\r\n`;
    return [utf8(head), body, utf8('\r\n')];
  });
  return new Uint8Array(Buffer.concat([...printed, utf8(`--${BOUNDARY}--\r\n`)]));
}
