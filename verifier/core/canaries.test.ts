import { describe, expect, it } from 'vitest';
import { digestCanary } from '#protocol/digest.ts';
import type { JobId, Root } from '#protocol/ids.ts';
import type { PackageDraft } from '#protocol/job.ts';
import { bytes, millis } from '#protocol/units.ts';
import {
  connect,
  executions,
  type FakeWorld,
  fakeReference,
  fakeShard,
  honestShard,
  openFakeWorld,
  receive,
  sendCheck,
  sentVerdicts,
  step,
  wait,
} from './fake-world.ts';

const JOB = 'job_0123456789abcdef' as JobId;
const UNITS = 250;
const FILE = { root: '22'.repeat(32) as Root, length: bytes(10) };

const spec = (name: string) => ({ name, dtype: 'f32' as const, shape: [2] });

/** Prepares the job of the fake shards; says which units were executed ahead. */
function prepare(world: FakeWorld): readonly number[] {
  const asked = receivePrepare(world, {});
  const run = (unit: number) => ({ unit, digest: fakeReference(unit).digest });
  step(world, {
    type: 'prepared',
    task: asked.task,
    result: {
      ok: true,
      value: {
        outputs: [spec('y')],
        answers: asked.units.map((unit) => fakeReference(unit).bytes),
        runs: asked.units.map((unit) => ({ ...run(unit), computeMs: millis(1) })),
        peakBytes: bytes(1_000),
        canaries: asked.canaries.map(run),
        decoys: { names: [], units: [], samples: [] },
      },
    },
  });
  return asked.canaries;
}

/** What a verifier sets out to run for this job. */
function receivePrepare(world: FakeWorld, { taps }: Pick<PackageDraft, 'taps'>) {
  const draft: PackageDraft = {
    name: 'm',
    file: FILE,
    inputs: [spec('x')],
    unitItems: 2,
    graphOptimization: 'all',
    ...(taps === undefined ? {} : { taps }),
  };
  receive(world, { type: 'prepare', job: JOB, draft, inputs: FILE, units: UNITS });
  const asked = world.effects.findLast((effect) => effect.type === 'prepare');
  if (asked === undefined) throw new Error('nothing was prepared');
  return asked;
}

const told = ({ effects }: FakeWorld) => {
  const frame = effects.findLast((effect) => effect.type === 'send-frame');
  return frame?.head.type === 'prepared' ? frame.head : undefined;
};

/** A shard of the ten units around one, whose device claims `claim` there and is right elsewhere. */
function shardOf(unit: number, claim = unit) {
  const first = Math.floor(unit / 10);
  const units = Array.from({ length: 10 }, (_, place) => first * 10 + place);
  return fakeShard(
    first,
    units.map((each) => (each === unit ? claim : each)),
  );
}

function openPrepared(rate: number) {
  const world = openFakeWorld({ rate });
  connect(world);
  const [canary = -1, ...more] = prepare(world);
  return { world, canary, more };
}

describe('units executed ahead', () => {
  it('are none where there are taps: a known answer says nothing of the inside', () => {
    const canariesOf = (draft: Pick<PackageDraft, 'taps'>) => {
      const world = openFakeWorld({ rate: 0 });
      connect(world);
      return receivePrepare(world, draft).canaries;
    };
    expect(canariesOf({ taps: ['tap0'] })).toEqual([]);
    expect(canariesOf({})).toHaveLength(2);
  });

  it('are one in a hundred, none of the known answers, and told without their answers', () => {
    const { world, canary, more } = openPrepared(0);
    const units = [canary, ...more];
    expect(units).toHaveLength(2);
    expect(units.every((unit) => unit > 0 && unit < UNITS - 1)).toBe(true);
    const kept = world.disk.canaries[0]?.canaries ?? [];
    const hashes = kept.map((each) => ({
      unit: each.unit,
      hash: digestCanary({ job: JOB, ...each }),
    }));
    expect(told(world)?.canaries).toEqual(hashes);
    expect(JSON.stringify(told(world))).not.toContain(fakeReference(canary).digest);
  });

  it('are left out where the disk refuses them, and the job is prepared all the same', () => {
    const world = openFakeWorld({ rate: 0 });
    connect(world);
    world.diskFull = true;
    prepare(world);
    expect(told(world)).toMatchObject({ job: JOB });
    expect(told(world)?.canaries).toBeUndefined();
  });
});

describe('a shard with a canary', () => {
  it.each([0, 1])('is judged there without a run, drawn or not (rate %i)', (rate) => {
    const { world, canary } = openPrepared(rate);
    sendCheck(world, shardOf(canary));
    wait(world, 1_000);
    const verdict = sentVerdicts(world).find(({ unit }) => unit === canary);
    expect(verdict).toMatchObject({ kind: 'match', lane: 'exact', runs: 1 });
    expect(verdict?.cause).toBe(rate === 0 ? 'canary' : undefined);
    const { reference, canary: salt } = verdict ?? {};
    if (reference === undefined || salt === undefined) throw new Error('the verdict opens nothing');
    const hash = digestCanary({ job: JOB, unit: canary, digest: reference, salt });
    expect(told(world)?.canaries?.map((each) => each.hash)).toContain(hash);
    expect(executions(world).map(({ unit }) => unit)).not.toContain(canary);
    expect(executions(world)).toHaveLength(rate * 9);
  });

  it.each([0, 1])(
    'is convicted by two runs, before anything else of it is run (rate %i)',
    (rate) => {
      const { world, canary } = openPrepared(rate);
      sendCheck(world, shardOf(canary, -5));
      wait(world, 1_000);
      const verdict = sentVerdicts(world).find(({ unit }) => unit === canary);
      expect(verdict).toMatchObject({ kind: 'mismatch', runs: 2 });
      expect(verdict?.canary).toBeDefined();
      expect(executions(world)[0]).toMatchObject({ unit: canary, fresh: false });
    },
  );

  it('of a GPU is no canary: nothing there is equal bit for bit', () => {
    const { world, canary } = openPrepared(0);
    sendCheck(world, { ...shardOf(canary), provider: 'webgpu' });
    wait(world, 1_000);
    expect(sentVerdicts(world)).toEqual([]);
  });

  it('is known after a restart', () => {
    const { world: before, canary } = openPrepared(0);
    const world = openFakeWorld({ rate: 0, saved: before.disk });
    connect(world);
    sendCheck(world, shardOf(canary));
    wait(world, 1_000);
    expect(sentVerdicts(world)).toMatchObject([{ unit: canary, cause: 'canary' }]);
    expect(executions(world)).toEqual([]);
  });

  it('that is void by then is not judged', () => {
    const { world, canary } = openPrepared(0);
    world.deaf = true;
    const shard = shardOf(canary);
    sendCheck(world, shard);
    receive(world, { type: 'voided', sequence: shard.sequence });
    world.deaf = false;
    wait(world, 10_000);
    expect(sentVerdicts(world)).toEqual([]);
    sendCheck(world, honestShard(shard.sequence + 1, 10));
    expect(world.state.voided.size).toBe(0);
  });
});
