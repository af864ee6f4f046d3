import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { addModel } from '#client/models.ts';
import { openTestGrid, openTestPrograms } from '#node/test-programs.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { must } from '#protocol/values/refusal.ts';
import { runCommand } from '../command.ts';
import { CASES, PICTURES } from '../tasks/cases.ts';
import { readRecorded } from '../tasks/recorded.ts';
import { buildRepository } from '../tasks/repository.ts';
import { buildClientPackage } from './build.ts';
import { type ForeignPage, openForeignPage } from './open-page.ts';

const COMMAND_MS_MAX = 120_000;
const ROOT = join(import.meta.dirname, '../..');
const programs = openTestPrograms();
const { data } = programs;
const built = join(data, 'built');
const home = join(data, 'home');
let env: Record<string, string>;

/** A package in an empty folder, installed without a network, and a grid with three models. */
beforeAll(async () => {
  await buildClientPackage(built);
  await run(['npm', 'pack', '--pack-destination', data, built]);
  const archive = (await readdir(data)).find((name) => name.endsWith('.tgz')) ?? '';
  await mkdir(home);
  await writeFile(join(home, 'package.json'), '{"type":"module"}');
  await run(['npm', 'install', '--offline', '--prefix', home, join(data, archive)]);
  const { url, key, contribute } = await openTestGrid(programs);
  contribute();
  env = { HUB: url, KEY: key };
  const hub = openClient({ hub: url, key });
  await addTask(hub, 'feature-extraction', { 'modules.json': MODULES });
  await addTask(hub, 'image-classification');
  const net = sampleModel([{ op: 'Relu', inputs: ['x'], output: 'y' }], { width: 3 });
  const files = [{ name: 'model.onnx', data: new Blob([new Uint8Array(net)]) }];
  must(await addModel(hub, { files, options: { name: 'relu' } }));
}, 240_000);

const MODULES = '[{"type":"sentence_transformers.models.Normalize"}]';

async function addTask(hub: HubClient, task: TaskName, more: Record<string, string> = {}) {
  const files = [...buildRepository(task), ...Object.entries(more)].map(([name, content]) => ({
    ...{ name, data: new Blob([content]) },
  }));
  must(await addModel(hub, { files, options: { name: task } }));
}

async function run(command: readonly string[]): Promise<string> {
  const { code, text } = await runCommand(command, { timeoutMs: COMMAND_MS_MAX, env: env ?? {} });
  expect(code, `${command.join(' ')}:\n${text}`).toBe(0);
  return text;
}

/** Runs a program of somebody who has the package and nothing of ours; gives what it prints. */
async function runProgram(body: string): Promise<unknown> {
  const file = join(home, 'program.mjs');
  const head = `import { openGrid } from '@pocketgrid/client';
const grid = openGrid({ hub: process.env.HUB, key: process.env.KEY });
`;
  await writeFile(file, `${head}${body}`);
  return JSON.parse(await run([process.execPath, file]));
}

describe('the package', () => {
  it('holds a module, its types and licenses, and needs nothing else', async () => {
    expect(
      (await readdir(join(home, 'node_modules'))).filter((name) => name !== '.package-lock.json'),
    ).toEqual(['@pocketgrid']);
    const folder = join(home, 'node_modules/@pocketgrid/client');
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('dependencies');
    expect((await readdir(folder)).sort()).toEqual([
      ...['LICENSE', 'LICENSES.md', 'README.md', 'index.js', 'package.json', 'types'],
    ]);
    const module = await readFile(join(folder, 'index.js'), 'utf8');
    expect(module).not.toMatch(/^import |['"]node:|\brequire\(|\bprocess\.env/m);
    expect(await readFile(join(folder, 'LICENSES.md'), 'utf8')).toContain('valibot');
  });

  it.each(['nodenext', 'bundler'])('has types for programs of %s modules', async (resolution) => {
    await writeFile(
      join(home, 'typed.ts'),
      `import { type JobView, listJobs, must, openGrid } from '@pocketgrid/client';
const grid = openGrid({ hub: 'http://127.0.0.1:1', key: 'pg_' });
const vectors: Float32Array[] = await grid.embed(['a'], { model: 'm' });
const task = { name: 'object-detection' } as const;
for await (const found of grid.map('m', [new Blob()], { task })) {
  const x: number | undefined = 'error' in found ? undefined : found.objects[0]?.box.xmin;
  console.log(x, vectors.length);
}
for await (const row of grid.map('m', [{ x: [1] }])) console.log(Object.keys(row));
const jobs: JobView[] = must(await listJobs(grid.hub)).jobs;
// @ts-expect-error a model has to be named
await grid.classify(['a'], {});
console.log(jobs[0]?.state === 'done');
`,
    );
    const module = resolution === 'bundler' ? 'esnext' : resolution;
    const flags = [
      ...['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2023'],
      ...['--lib', 'es2023,dom,dom.asynciterable'],
    ];
    const kind = ['--module', module, '--moduleResolution', resolution, '--types', ''];
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    await run([tsc, ...flags, ...kind, join(home, 'typed.ts')]);
  });
});

describe('a program with plain Node', () => {
  it('gets vectors of its texts', async () => {
    const lines = CASES['mean']?.lines;
    const found = await runProgram(
      `const vectors = await grid.embed(${JSON.stringify(lines)}, { model: 'feature-extraction' });
console.log(JSON.stringify(vectors.map((vector) => [...vector])));`,
    );
    const wanted = readRecorded('mean').map(
      (answer) => (answer as { embedding: number[] }).embedding,
    );
    expect(found).toEqual(wanted.map((vector) => vector.map((value) => expect.closeTo(value, 5))));
  });

  it(
    'gets classes of its pictures, in their order',
    async () => {
      for (const { name, bytes } of PICTURES) await writeFile(join(home, name), bytes);
      const names = PICTURES.map(({ name }) => join(home, name));
      const found = await runProgram(
        `import { openAsBlob } from 'node:fs';
const pictures = await Promise.all(${JSON.stringify(names)}.map((name) => openAsBlob(name)));
console.log(JSON.stringify(await grid.classify(pictures, { model: 'image-classification' })));`,
      );
      const wanted = readRecorded('pictures').map(
        (answer) => (answer as { labels: object[] }).labels,
      );
      const near = (labels: readonly object[]) =>
        labels.map((each) => {
          const { label, score } = each as { label: string; score: number };
          return { label, score: expect.closeTo(score, 5) };
        });
      expect(found).toEqual(wanted.map(near));
    },
    COMMAND_MS_MAX,
  );

  it('maps rows over several jobs, and says why where a job is refused', async () => {
    const found = await runProgram(
      `const rows = Array.from({ length: 25 }, (_, at) => ({ x: [at, -at, at - 12] }));
const answers = [];
for await (const { y } of grid.map('relu', rows, { itemsPerJob: 10 })) answers.push(y);
const refused = await grid.map('rule', rows).next().catch((error) => error.refusal.code);
console.log(JSON.stringify({ answers, refused }));`,
    );
    const answers = Array.from({ length: 25 }, (_, at) => [at, 0, Math.max(0, at - 12)]);
    expect(found).toEqual({ answers, refused: 'model-unknown' });
  });
});

describe('a page of another origin', () => {
  let page: ForeignPage;
  beforeAll(async () => {
    const module = await readFile(join(home, 'node_modules/@pocketgrid/client/index.js'));
    page = await openForeignPage(module, env['HUB'] ?? '');
  }, COMMAND_MS_MAX);
  afterAll(() => page?.close());
  const grid = () =>
    `const grid = client.openGrid({ hub: location.origin, key: '${env['KEY']}' });`;

  it(
    'gets vectors and rows in a browser, where its own server passes calls on to the hub',
    async () => {
      const lines = CASES['mean']?.lines;
      const found = await page.run(`${grid()}
const vectors = await grid.embed(${JSON.stringify(lines)}, { model: 'feature-extraction' });
const rows = [];
for await (const { y } of grid.map('relu', [{ x: [1, -2, 3] }, { x: [-1, 2, -3] }])) rows.push(y);
return { vectors: vectors.map((vector) => [...vector]), rows };`);
      const vectors = readRecorded('mean').map((answer) =>
        (answer as { embedding: number[] }).embedding.map((value) => expect.closeTo(value, 5)),
      );
      expect(found).toEqual({
        vectors,
        rows: [
          [1, 0, 3],
          [0, 2, 0],
        ],
      });
    },
    COMMAND_MS_MAX,
  );

  it('reads nothing of the hub by itself, and is told that it does not answer', async () => {
    const found = await page.run(
      `return client.readHealth(client.openClient({ hub: '${env['HUB']}', retries: 0 }));`,
    );
    expect(found).toMatchObject({ ok: false, refusal: { message: expect.stringMatching(/\w/) } });
    const own = await page.run(
      'return client.readHealth(client.openClient({ hub: location.origin }));',
    );
    expect(own).toMatchObject({ ok: true, value: { status: 'ok' } });
  });
});
