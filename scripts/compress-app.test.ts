import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compressApp, type Effort } from './compress-app.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-compress-'));
  await mkdir(join(folder, 'app', 'assets'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const compress = (effort: Effort = 'quick') =>
  compressApp(join(folder, 'app'), { cache: join(folder, 'cache'), effort });

it('compressing an app leaves both forms beside each file that gets smaller', async () => {
  const script = 'export const answer = 42;\n'.repeat(500);
  await writeFile(join(folder, 'app', 'assets', 'main.js'), script);
  await writeFile(join(folder, 'app', 'small.json'), '{}');
  await writeFile(join(folder, 'app', 'icon.png'), script);
  await compress();
  expect((await readdir(join(folder, 'app'))).sort()).toEqual(['assets', 'icon.png', 'small.json']);
  const assets = join(folder, 'app', 'assets');
  expect((await readdir(assets)).sort()).toEqual(['main.js', 'main.js.br', 'main.js.gz']);
  const [br, gz] = await Promise.all(
    ['br', 'gz'].map((ending) => readFile(join(assets, `main.js.${ending}`))),
  );
  expect(brotliDecompressSync(br ?? '').toString()).toBe(script);
  expect(gunzipSync(gz ?? '').toString()).toBe(script);
});

it('a large file is compressed once for many builds', async () => {
  const file = join(folder, 'app', 'runtime.wasm');
  await writeFile(file, Buffer.alloc(2 * 1024 * 1024, 'abc'));
  await compress();
  const kept = await readdir(join(folder, 'cache'));
  expect(kept.map((name) => name.slice(-3)).sort()).toEqual(['.br', '.gz']);
  for (const name of kept) await writeFile(join(folder, 'cache', name), 'kept');
  await compress();
  expect(await readFile(`${file}.br`, 'utf8')).toBe('kept');
});

it('a quick build takes what the best one has kept', async () => {
  const file = join(folder, 'app', 'runtime.wasm');
  await writeFile(file, Buffer.alloc(2 * 1024 * 1024, 'abc'));
  await compress('quick');
  await compress('best');
  const best = (await readdir(join(folder, 'cache'))).find((name) => name.endsWith('best.br'));
  await writeFile(join(folder, 'cache', best ?? 'none'), 'kept');
  await compress('quick');
  expect(await readFile(`${file}.br`, 'utf8')).toBe('kept');
});
