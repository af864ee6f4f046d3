import { beforeEach, expect, test } from 'vitest';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { PublicKey, Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { type Bench, JOB, openBench, postJob, prepareJob, VERIFIER } from '../fake-world.ts';
import type { RecutInputs } from '../state/events.ts';

const ITEMS = 10;
const SECOND = '5e'.repeat(32) as PublicKey;
const CUT: RecutInputs = {
  inputs: { root: '1'.repeat(64) as Root, length: bytes(4 * ITEMS) },
  inputDigests: { root: '2'.repeat(64) as Root, length: bytes(DIGEST_BYTES * ITEMS) },
  digestBytes: new Uint8Array(DIGEST_BYTES * ITEMS).fill(7),
};

let bench: Bench;
beforeEach(() => {
  bench = openBench();
  bench.join(1, VERIFIER, 'verifier');
});

const postPairs = () => postJob(bench, ITEMS / 2, { unitItems: 2 });
const record = () => bench.hub().jobs.get(JOB)?.record;

test('a job whose items change with their neighbours gets units of one item and is prepared anew', () => {
  postPairs();
  bench.say(1, { type: 'coupled', job: JOB });
  const [asked] = bench.recuts;
  expect(asked?.cut).toMatchObject({ items: ITEMS, specs: [{ shape: [2, 1] }] });
  bench.cut(CUT);
  expect(record()).toMatchObject({
    units: ITEMS,
    items: ITEMS,
    inputs: CUT.inputs,
    draft: { runtime: { unitItems: 1, coupled: true, inputs: [{ shape: [1, 1] }] } },
  });
  expect(bench.last(1, 'prepare')).toMatchObject({
    units: ITEMS,
    inputs: CUT.inputs,
    draft: { runtime: { unitItems: 1, coupled: true } },
  });
  prepareJob(bench);
  expect(bench.job()).toMatchObject({ state: 'quoted', units: ITEMS, unitItems: 1 });
  expect(bench.job()?.quote?.notes.map(({ code }) => code)).toContain('items-coupled');
});

test('a job that was cut anew is so after a restart, and before it was on disk it is not', () => {
  postPairs();
  bench.say(1, { type: 'coupled', job: JOB });
  bench.restart();
  expect(record()).toMatchObject({ units: ITEMS / 2, draft: { runtime: { unitItems: 2 } } });
  bench.join(2, VERIFIER, 'verifier');
  bench.say(2, { type: 'coupled', job: JOB });
  bench.cut(CUT);
  bench.restart();
  expect(record()).toMatchObject({
    units: ITEMS,
    draft: { runtime: { unitItems: 1, coupled: true } },
  });
  expect(bench.hub().jobs.get(JOB)?.inputDigests).toEqual(CUT.digestBytes);
  expect(bench.job()?.state).toBe('checking');
});

test('a job that cannot be cut is refused with what the disk said', () => {
  postPairs();
  bench.say(1, { type: 'coupled', job: JOB });
  const refusal = { code: 'input-shape' as const, message: 'the inputs are no whole items' };
  bench.post({ type: 'keep-failed', token: bench.recuts[0]?.token ?? 0, refusal });
  expect(bench.job()).toMatchObject({ state: 'refused', refusal });
});

test('a job whose new cut waits for the disk has its units until it is written', () => {
  postPairs();
  bench.say(1, { type: 'coupled', job: JOB });
  bench.fillDisk(true);
  bench.cut(CUT);
  expect(record()).toMatchObject({ units: ITEMS / 2 });
  expect(bench.job()?.state).toBe('checking');
  bench.fillDisk(false);
  expect(record()).toMatchObject({ units: ITEMS, draft: { runtime: { unitItems: 1 } } });
});

test('a verifier that calls units of one item coupled is declined', () => {
  postJob(bench, ITEMS);
  bench.say(1, { type: 'coupled', job: JOB });
  expect(bench.recuts).toEqual([]);
  expect(bench.last(1, 'declined')).toMatchObject({ code: 'result-shape' });
  expect(bench.job()?.state).toBe('checking');
});

test('a verifier that was not asked is declined, and a cancelled job is not cut', () => {
  bench = openBench({ verifiers: [VERIFIER, SECOND] });
  bench.join(1, VERIFIER, 'verifier');
  postPairs();
  bench.join(2, SECOND, 'verifier');
  bench.say(2, { type: 'coupled', job: JOB });
  expect(bench.recuts).toEqual([]);
  bench.say(1, { type: 'coupled', job: JOB });
  bench.post({ type: 'command', request: 9, command: { type: 'cancel', job: JOB } });
  bench.cut(CUT);
  expect(bench.job()).toMatchObject({ state: 'cancelled', units: ITEMS / 2 });
});

test.each(['disk-full', 'busy', 'hub-stopping'] as const)(
  'a job that cannot be cut anew because of %s is prepared and cut again',
  (code) => {
    postPairs();
    bench.say(1, { type: 'coupled', job: JOB });
    const refusal = { code, message: 'not now' };
    bench.post({ type: 'keep-failed', token: bench.recuts.at(-1)?.token ?? 0, refusal });
    expect(bench.job()?.state).toBe('checking');
    bench.wait(10_000);
    bench.say(1, { type: 'coupled', job: JOB });
    bench.cut(CUT);
    prepareJob(bench);
    expect(bench.job()).toMatchObject({ state: 'quoted', unitItems: 1 });
  },
);
