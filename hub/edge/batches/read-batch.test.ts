import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BlobRef } from '#protocol/models/package.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { must } from '#protocol/values/refusal.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import type { BlobStore } from '../blobs/port.ts';
import { readSpool } from '../inputs/spool.ts';
import { FAKE_SETTINGS, fakeFile, fakeGraph } from '../tasks/fake-repository.ts';
import { type ReadBatch, readBatch } from './read-batch.ts';

const BYTES_MAX = 64 * 1024 * 1024;
let folder = '';
let blobs: BlobStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-batch-'));
  blobs = await openFolderBlobs(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = async (bytes: Uint8Array) => must(await blobs.put(bytes, BYTES_MAX));

async function keepFakeModel() {
  const { tokenizer, tokenizerConfig, config } = FAKE_SETTINGS;
  const graph = encodeOnnx(fakeGraph({ last_hidden_state: ['batch', 'sequence', 8] }));
  const files = [
    { name: 'model.onnx', bytes: graph },
    fakeFile('tokenizer.json', tokenizer),
    fakeFile('tokenizer_config.json', tokenizerConfig),
    fakeFile('config.json', config),
  ];
  return Promise.all(files.map(async ({ name, bytes }) => ({ name, blob: await put(bytes) })));
}

async function read(texts: readonly (string | string[])[]): Promise<ReadBatch> {
  const lines = texts.map((input, at) => {
    const body = { model: 'net', input };
    return JSON.stringify({ custom_id: `${at}`, method: 'POST', url: '/v1/embeddings', body });
  });
  const file = await put(new TextEncoder().encode(lines.join('\n')));
  const model = { name: 'net', files: await keepFakeModel() };
  return readBatch({ file, endpoint: '/v1/embeddings', model, folder }, blobs);
}

const readText = async ({ root, length }: BlobRef) =>
  new TextDecoder().decode(must(await blobs.read(root, 0, length)));

/** Lines of each part, and its texts. */
async function look({ parts }: ReadBatch) {
  return Promise.all(
    parts.map(async ({ lines, texts, longest }) => {
      const [spooled] = await readSpool(texts);
      const count = (text: string) => text.trim().split('\n').length;
      return {
        lines: count(await readText(lines)),
        texts: count(new TextDecoder().decode(spooled?.bytes)),
        longest,
      };
    }),
  );
}

const SHORT = 'one';
/** Of twelve tokens, with the two at its ends. */
const LONG = 'one two three four five six one two three four';

it('a long batch is cut into parts, each with texts of about one length', async () => {
  const texts = Array.from({ length: 10_000 }, (_, at) => (at % 5 === 0 ? LONG : SHORT));
  const found = await read(texts);
  expect(await look(found)).toEqual([
    { lines: 4_096, texts: 4_096, longest: 3 },
    { lines: 3_904, texts: 3_904, longest: 3 },
    { lines: 2_000, texts: 2_000, longest: 12 },
  ]);
  expect(found).toMatchObject({ lines: 10_000, tokens: 8_000 * 3 + 2_000 * 12 });
});

it('few texts of one length join the next', async () => {
  const found = await read([SHORT, LONG, [SHORT, SHORT]]);
  expect(await look(found)).toEqual([{ lines: 3, texts: 4, longest: 12 }]);
});

it('a line keeps its texts in one part', async () => {
  const many = Array.from({ length: 2_048 }, () => SHORT);
  const found = await read([SHORT, many, many, SHORT]);
  expect(await look(found)).toEqual([
    { lines: 3, texts: 4_097, longest: 3 },
    { lines: 1, texts: 1, longest: 3 },
  ]);
});
