import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { COMMIT, openFakeHuggingFace } from '#node/fake-hugging-face.ts';
import { openTestFolder } from '#node/test-folder.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';
import { type FakeWorld, openFakeWorld } from '../fake-world.ts';
import { download } from './download.ts';
import { openHuggingFace } from './hugging-face.ts';

const server = openFakeHuggingFace();
const folder = openTestFolder();
const LARGE = Uint8Array.from({ length: 50_000 }, (_, at) => at % 251);
const PACE = { pauseMs: 1, silenceMs: 5_000 };
let world: FakeWorld;
let tests = 0;

beforeEach(() => {
  tests += 1;
  world = openFakeWorld(join(folder, `${tests}`), { HF_ENDPOINT: server.url });
  const files = { 'config.json': '{"model_type":"bert"}', 'onnx/model.onnx': LARGE };
  Object.assign(server, { calls: [], breaks: [], isPlain: false, isCircle: false });
  server.repositories = { 'org/net': { files, tags: ['v1', 'refs/pr/1'] } };
});

const open = (title = 'hf:org/net', env: Record<string, string> = {}) =>
  openHuggingFace(title, { ...world, env: { ...world.env, ...env } }, PACE);
async function fetchModel(title?: string, env?: Record<string, string>): Promise<string> {
  const repository = await open(title, env);
  const entry = repository.entries.find(({ path }) => path === 'onnx/model.onnx');
  return repository.fetch(entry ?? { path: 'onnx/model.onnx' });
}
/** Lets the server break off as soon as so much is here. */
const cutAt = (pattern: RegExp) => {
  world.onShow = (text) => pattern.test(text) && server.cut();
};
const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => (error instanceof PocketgridError ? error.refusal : error),
  );
const rangesOf = () =>
  server.calls.filter(({ path }) => path.includes('stored')).map(({ range }) => range);

describe('a repository', () => {
  it.each(['hf:org/net', 'hf:org/net@v1', 'hf:org/net@refs/pr/1', `hf:org/net@${COMMIT}`])(
    '%s is one commit, with its files and their sizes',
    async (title) => {
      const { name, revision, entries } = await open(title);
      expect([name, revision]).toEqual(['org/net', COMMIT]);
      expect(entries.map(({ path, bytes }) => [path, bytes])).toEqual([
        ['config.json', 21],
        ['onnx/model.onnx', LARGE.length],
      ]);
    },
  );

  it('of paths that lead out of it has none of these files', async () => {
    const files = { '../a': 'x', 'b/../../c': 'x', '/d': 'x', '.git/e': 'x', 'f\\g': 'x', h: 'x' };
    server.repositories = { 'org/net': { files } };
    expect((await open()).entries.map(({ path }) => path)).toEqual(['h']);
  });

  it.each([
    ['hf:org/none', 'model-unknown', /no repository hf:org\/none.*HF_TOKEN/],
    ['hf:org/net@v2', 'model-unknown', /no revision v2; name a branch, a tag/],
    ['hf:a/b/c', 'request-invalid', /hf:OWNER\/NAME@REVISION/],
    ['hf:', 'request-invalid', /hf:OWNER\/NAME@REVISION/],
  ])('%s is refused as %s', async (title, code, message) => {
    const found = await refusalOf(open(title));
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each([
    ['nowhere', 'request-invalid', /HF_ENDPOINT is nowhere/],
    ['http://127.0.0.1:9', 'download-failed', /127.0.0.1:9 did not answer.*HF_ENDPOINT/],
  ])('of the mirror %s is refused as %s', async (HF_ENDPOINT, code, message) => {
    const found = await refusalOf(open(undefined, { HF_ENDPOINT }));
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('that is private or gated asks for a token, and is read with the right one', async () => {
    const files = { 'onnx/model.onnx': LARGE };
    server.repositories = {
      'org/private': { files, access: 'private' },
      'org/gated': { files, access: 'gated' },
    };
    expect(await refusalOf(fetchModel('hf:org/private'))).toMatchObject({ code: 'model-unknown' });
    const wrong = refusalOf(fetchModel('hf:org/private', { HF_TOKEN: 'hf_wrong' }));
    expect(await wrong).toMatchObject({ code: 'key-forbidden' });
    const gated = await refusalOf(fetchModel('hf:org/gated'));
    const message = expect.stringMatching(
      /is gated: accept its terms at .*org\/gated and set HF_TOKEN/,
    );
    expect(gated).toMatchObject({ code: 'key-forbidden', message });
    for (const title of ['hf:org/private', 'hf:org/gated']) {
      const file = await fetchModel(title, { HF_TOKEN: 'hf_right' });
      expect(await readFile(file)).toEqual(Buffer.from(LARGE));
    }
  });

  it('that leads on for ever is given up', async () => {
    server.isCircle = true;
    const message = expect.stringContaining('leads on more than 5 times');
    expect(await refusalOf(open())).toMatchObject({ code: 'download-failed', message });
    expect(server.calls).toHaveLength(6);
  });
});

describe('a file', () => {
  it('comes over a redirect, and the token stays with its server', async () => {
    const file = await fetchModel(undefined, { HF_TOKEN: 'hf_right' });
    expect(await readFile(file)).toEqual(Buffer.from(LARGE));
    const stored = server.calls.filter(({ path }) => path.includes('stored'));
    expect(stored.map(({ token }) => token)).toEqual([undefined]);
    expect(server.calls.filter(({ token }) => token === 'Bearer hf_right')).toHaveLength(2);
    expect(await fetchModel()).toBe(file);
    expect(rangesOf()).toHaveLength(1);
  });

  it('that breaks off goes on where it ended', async () => {
    server.breaks = [20_000, 10_000];
    cutAt(/: (20|30)\.0 kB/);
    expect(await readFile(await fetchModel())).toEqual(Buffer.from(LARGE));
    expect(rangesOf()).toEqual([undefined, 'bytes=20000-', 'bytes=30000-']);
  });

  it('that came in part on another day goes on there, and begins anew where no ranges are known', async () => {
    const repository = await open();
    const place = join(folder, `${tests}`, 'pocketgrid/models/org--net', COMMIT, 'onnx/model.onnx');
    await mkdir(dirname(place), { recursive: true });
    await writeFile(`${place}.part`, LARGE.slice(0, 30_000));
    expect(await readFile(await fetchModel())).toEqual(Buffer.from(LARGE));
    expect(rangesOf()).toEqual(['bytes=30000-']);
    await repository.forget();
    await mkdir(dirname(place), { recursive: true });
    await writeFile(`${place}.part`, LARGE.slice(0, 30_000));
    server.isPlain = true;
    expect(await readFile(await fetchModel())).toEqual(Buffer.from(LARGE));
    expect(await readdir(dirname(place))).toEqual(['model.onnx']);
  });

  it('of other bytes than are listed is thrown away', async () => {
    const files = { 'onnx/model.onnx': LARGE };
    server.repositories = { 'org/net': { files, digests: { 'onnx/model.onnx': 'a'.repeat(64) } } };
    const message = expect.stringContaining('came as other bytes');
    expect(await refusalOf(fetchModel())).toMatchObject({ code: 'blob-hash', message });
    const place = join(folder, `${tests}`, 'pocketgrid/models/org--net', COMMIT, 'onnx');
    expect(await readdir(place)).toEqual([]);
  });

  it('of a server that is busy for a moment comes, and of one that stays so does not', async () => {
    server.breaks = [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }];
    expect(await readFile(await fetchModel())).toEqual(Buffer.from(LARGE));
    await (await open()).forget();
    server.breaks = Array(9).fill({ status: 503 });
    const message = expect.stringContaining('is too busy');
    expect(await refusalOf(fetchModel())).toMatchObject({ code: 'download-failed', message });
    expect(server.breaks).toHaveLength(3);
  });

  it('that breaks off every time is given up, and what came stays', async () => {
    server.breaks = Array(9).fill(1_000);
    cutAt(/: [1-6]\.0 kB/);
    expect(await refusalOf(fetchModel())).toMatchObject({ code: 'download-failed' });
    server.breaks = [];
    expect(await readFile(await fetchModel())).toEqual(Buffer.from(LARGE));
    expect(rangesOf().at(-1)).toBe('bytes=6000-');
  });

  it('of a server that falls silent is given up', async () => {
    server.breaks = Array(9).fill('silent');
    const { fetch } = await openHuggingFace('hf:org/net', world, { pauseMs: 1, silenceMs: 400 });
    const message = expect.stringContaining('sent nothing for too long');
    const found = await refusalOf(fetch({ path: 'onnx/model.onnx' }));
    expect(found).toMatchObject({ code: 'download-failed', message });
  });

  it('ends at once when the program is stopped', async () => {
    server.breaks = ['silent'];
    const stopped = refusalOf(fetchModel());
    await expect.poll(() => rangesOf().length).toBe(1);
    world.stop();
    expect(await stopped).toBeDefined();
    expect(server.breaks).toEqual([]);
    expect(rangesOf()).toHaveLength(1);
  });
});

describe('a download', () => {
  const wanted = (file: string) => ({
    server: { endpoint: new URL(server.url), silenceMs: 5_000 },
    ...{ file, path: `/org/net/resolve/${COMMIT}/onnx/model.onnx`, bytes: LARGE.length },
    ...{ bytesMax: LARGE.length, explain: () => fault('not-found', 'no') },
  });
  const options = () => ({ signal: world.signal, show: () => undefined, pauseMs: 1 });

  it('that the disk has no room for is refused before it begins', async () => {
    const full = { ...options(), freeBytes: async () => 64 * 1024 * 1024 };
    const found = await refusalOf(download(wanted(join(folder, 'full', 'a')), full));
    const message = expect.stringMatching(/1 MB are missing at .*XDG_CACHE_HOME/);
    expect(found).toMatchObject({ code: 'disk-full', message });
    expect(server.calls).toEqual([]);
  });

  it('of more bytes than there may be is refused', async () => {
    const { bytes: _, ...open } = wanted(join(folder, 'long', 'a'));
    const found = await refusalOf(download({ ...open, bytesMax: 40_000 }, options()));
    expect(found).toMatchObject({ code: 'model-too-big' });
  });
});
