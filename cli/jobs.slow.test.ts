import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { listJobs } from '#client/jobs.ts';
import { openTestGrid, openTestPrograms } from '#node/test-programs.ts';
import type { JobView } from '#protocol/api/job.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { checkReceipt } from '#protocol/records/receipt-check.ts';
import type { Receipt } from '#protocol/records/records.ts';
import { must } from '#protocol/values/refusal.ts';
import { EXIT } from './exit.ts';
import { openFakeWorld } from './fake-world.ts';
import { runCli } from './run.ts';

const TEST_MS_MAX = 240_000;
const programs = openTestPrograms();
const { data } = programs;
const folder = join(data, 'work');
const at = (name: string) => join(folder, name);
const MODEL = at('relu.onnx');
const ROWS = [
  [1, -2, 3],
  [-4, 5, -6],
  [0, 7, -8],
];
const WANTED = `${ROWS.map((row) => JSON.stringify({ y: row.map((x) => Math.max(0, x)) })).join('\n')}\n`;
let grid: HubClient;
let env: Record<string, string>;
let contribute: () => void;

/** A hub and a verifier; a device comes when a test calls one. */
beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  const net = sampleModel([{ op: 'Relu', inputs: ['x'], output: 'y' }], { width: 3 });
  await writeFile(MODEL, net);
  await writeFile(at('rows.jsonl'), ROWS.map((row) => JSON.stringify({ x: row })).join('\n'));
  const { url, key, ...opened } = await openTestGrid(programs);
  contribute = opened.contribute;
  grid = openClient({ hub: url, key });
  env = { POCKETGRID_HUB: url, POCKETGRID_KEY: key };
}, TEST_MS_MAX);

async function run(line: string, onShow: (text: string, stop: () => void) => void = () => {}) {
  const world = openFakeWorld(data, env);
  world.onShow = (text) => onShow(text, world.stop);
  const code = await runCli(line.split(' '), world);
  return { code, said: world.said.join('\n'), told: world.told.join('\n') };
}
const countJobs = async () => must(await listJobs(grid)).jobs.length;
const RUN = `run ${at('rows.jsonl')} --model ${MODEL}`;
const OUT = at('out.jsonl');

describe('quote', () => {
  it(
    'says what a job costs, why it is not possible now, and leaves none that waits',
    async () => {
      const line = RUN.replace('run', 'quote');
      const { code, said } = await run(`${line} --unit-price 0`);
      expect([code, said]).toEqual([
        EXIT.done,
        expect.stringContaining('time    not possible now'),
      ]);
      expect(said).toContain('price   0 lamports (volunteers compute it)');
      const asked = await run(`${line} --assurance full --json`);
      expect(JSON.parse(asked.said)).toMatchObject({ possible: false, quote: { items: 3 } });
      const states = must(await listJobs(grid)).jobs.map(({ state }) => state);
      expect(states).toEqual(['cancelled', 'cancelled']);
      await run(`model add ${MODEL} --name net`);
      const unknown = await run('quote --items 100000 --model net --json');
      expect(JSON.parse(unknown.said)).toMatchObject({
        possible: false,
        reasons: [{ code: 'model-unprepared' }],
      });
      await run(`quote ${at('rows.jsonl')} --model net`);
      const known = await run('quote --items 100000 --model net');
      expect(known.said).toContain('100000 items in');
      expect(known.said).toContain('not possible now: no device is online');
      expect(await run('quote --model net')).toMatchObject({ code: EXIT.refused });
      const refused = await run(`quote ${MODEL} --model ${MODEL}`);
      expect(refused).toMatchObject({ code: EXIT.refused, told: expect.stringContaining('ONNX') });
    },
    TEST_MS_MAX,
  );
});

describe('run', () => {
  it(
    'that is stopped goes on with its job, and posts it once',
    async () => {
      const line = `${RUN} -o ${OUT} --name rows`;
      const before = await countJobs();
      const stopped = await run(line, (text, stop) => text.includes('running') && stop());
      expect(stopped.code).toBe(EXIT.stopped);
      const [id = ''] = /job_[0-9a-f]{16}/.exec(stopped.told) ?? [];
      expect(stopped.told).toContain(`stopped; ${id} goes on: the same command goes on with it`);
      expect(await readdir(folder)).not.toContain('out.jsonl');
      const other = await run(`${RUN} -o ${OUT} --name others`);
      expect(other).toMatchObject({ code: EXIT.refused, told: expect.stringContaining(id) });
      // The answer to the upload never came: the job is found by what was posted.
      const note = JSON.parse(await readFile(`${OUT}.job`, 'utf8'));
      expect(note.job).toBe(id);
      await writeFile(`${OUT}.job`, JSON.stringify({ upload: note.upload, newest: null }));
      contribute();
      const done = await run(line);
      expect(done).toMatchObject({ code: EXIT.done, said: `3 results in ${OUT}` });
      expect(done.told).toContain(`going on with ${id}`);
      expect(await readFile(OUT, 'utf8')).toBe(WANTED);
      expect((await readdir(folder)).sort()).toEqual(['out.jsonl', 'relu.onnx', 'rows.jsonl']);
      expect(await countJobs()).toBe(before + 1);
      const again = await run(line);
      expect([again.code, again.told]).toEqual([1, expect.stringContaining('is there already')]);
      expect(await countJobs()).toBe(before + 1);
    },
    TEST_MS_MAX,
  );

  it(
    'without a file gives lines of JSON, and with --json a file and the job',
    async () => {
      expect(await run(RUN)).toMatchObject({ code: EXIT.done, said: WANTED.trim() });
      const out = at('out.npy');
      const { code, said, told } = await run(`${RUN} --out ${out} --assurance full --json`);
      expect([code, told]).toEqual([EXIT.done, '']);
      const { file, job } = JSON.parse(said) as { file: string; job: JobView };
      expect([file, job.state, job.checked]).toEqual([out, 'done', job.units]);
      expect((await stat(out)).size).toBeGreaterThan(9 * 4);
    },
    TEST_MS_MAX,
  );

  it.each([
    [`${RUN} -o out.csv`, EXIT.refused, 'end it with .jsonl'],
    [`${RUN} -o /no/such/folder/out.jsonl`, EXIT.refused, 'a folder that is there'],
    [`${RUN} --json`, EXIT.refused, '-o FILE'],
    [`run ${folder} --model ${MODEL}`, EXIT.refused, 'name the files in it'],
    [`run nothing.jsonl --model ${MODEL}`, EXIT.refused, 'there is no nothing.jsonl'],
    [`run ${MODEL} --model no/such-model`, EXIT.refused, 'no model no/such-model'],
    [`run ${MODEL} --model hf:org/net`, EXIT.refused, 'pocketgrid model add hf:org/net'],
    [`run ${MODEL} --model ./nowhere/`, EXIT.refused, 'there is no ./nowhere/'],
    [`${RUN} --labels a,b`, EXIT.refused, '--labels belongs to a task'],
    [`${RUN} --options {"keepDays":0}`, EXIT.refused, 'keepDays'],
    [`${RUN} --options [1`, EXIT.refused, '--options: expected'],
    [`${RUN} --task translation`, EXIT.misused, '--task: expected one of feature-extraction'],
    [`run --model ${MODEL}`, EXIT.refused, 'name files of inputs'],
    [`run ${at('rows.jsonl')}`, EXIT.misused, '--model is missing'],
    [`run ${MODEL} --model ${MODEL} -o ${at('bad.jsonl')}`, EXIT.refused, 'ONNX'],
  ])('%s ends with %i and what to do', async (line, code, told) => {
    expect(await run(line)).toMatchObject({ code, told: expect.stringContaining(told) });
    expect((await readdir(folder)).filter((name) => /^bad/.test(name))).toEqual([]);
  });
});

describe('a job that is done', () => {
  let id = '';
  beforeAll(async () => {
    const done = must(await listJobs(grid)).jobs.find(({ state }) => state === 'done');
    id = String(done?.id);
  });

  it('is listed, watched, and not cancelled', async () => {
    expect((await run('jobs')).said).toContain(`${id}  done       1 of 1 units  rows`);
    const { said } = await run('jobs --limit 1 --json');
    expect(JSON.parse(said)).toMatchObject({ jobs: [{ state: expect.any(String) }] });
    const watched = await run(`watch ${id}`);
    expect(watched).toMatchObject({ code: EXIT.done, said: expect.stringContaining('1 of 1') });
    const cancelled = await run(`cancel ${id}`);
    expect(cancelled).toMatchObject({ code: EXIT.refused, told: expect.stringMatching(/done/) });
  });

  it('gives its results by range and format, in place of those that are there', async () => {
    const [, ...last] = WANTED.trim().split('\n');
    expect((await run(`results ${id} --from 1`)).said).toBe(last.join('\n'));
    await run(`results ${id} -o ${at('part.jsonl')} --to 1`);
    const done = await run(`results ${id} -o ${at('part.jsonl')} --from 1 --to 3 --json`);
    expect(JSON.parse(done.said)).toEqual({ job: id, file: at('part.jsonl') });
    expect(await readFile(at('part.jsonl'), 'utf8')).toBe(`${last.join('\n')}\n`);
    expect((await run(`results ${id} --from 9`)).code).toBe(EXIT.refused);
  });

  it('gives receipts that hold', async () => {
    const file = at('receipts.json');
    expect((await run(`receipts ${id} -o ${file}`)).said).toBe(`1 receipts in ${file}`);
    for (const text of [await readFile(file, 'utf8'), (await run(`receipts ${id}`)).said]) {
      const { receipts } = JSON.parse(text) as { receipts: Receipt[] };
      expect(receipts.map(({ shard }) => shard.job)).toEqual([id]);
      expect(receipts.flatMap((receipt) => checkReceipt(receipt))).toEqual([]);
    }
  });

  it('is verified, by itself and by a file of receipts that nobody changed', async () => {
    const ofJob = await run(`verify ${id}`);
    expect([ofJob.code, ofJob.said]).toEqual([
      EXIT.done,
      expect.stringContaining('1 of 1 accepted units have a receipt that holds'),
    ]);
    const file = at('verified.json');
    await run(`receipts ${id} -o ${file}`);
    const offline = await run(`verify ${file} --json`);
    const one = { job: id, firstUnit: 0, unitCount: 1, faults: [] };
    expect([offline.code, JSON.parse(offline.said)]).toMatchObject([
      EXIT.done,
      { whole: true, receipts: [one] },
    ]);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"runtime":"', '"runtime":"x'));
    const changed = await run(`verify ${file}`);
    expect([changed.code, changed.said]).toEqual([
      EXIT.refused,
      expect.stringContaining('receipt 1: refused'),
    ]);
    const other = await run(`verify ${id} --hub-key ${'0'.repeat(64)}`);
    expect([other.code, other.said]).toEqual([1, expect.stringContaining('of another hub')]);
    expect((await run(`verify ${file}.gone`)).told).toContain('name a file of receipts, or a job');
  });

  it.each(['watch', 'cancel', 'results', 'receipts'])('%s of another id says so', async (word) => {
    expect((await run(`${word} job_0123456789abcdef`)).code).toBe(EXIT.refused);
    const wrong = await run(`${word} rows`);
    expect(wrong.told).toContain('job: expected a job id such as');
    expect((await run(`${word} --help`)).said).toContain(`pocketgrid ${word} JOB`);
  });
});
