import { beforeEach, expect, test } from 'vitest';
import type { HubMessage } from '#protocol/messages/control.ts';
import { digestPackage } from '#protocol/models/package.ts';
import type { JobId, Root } from '#protocol/values/ids.ts';
import { refuse } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import { connect, type FakeWorld, MANIFEST, openFakeWorld, receive, step } from './fake-world.ts';

const JOB = 'job_0123456789abcdef' as JobId;
const inputs = { root: '22'.repeat(32) as Root, length: bytes(64) };
const FAILED = [{ places: [1], text: 'idx=77 is out of bounds' }];

let world: FakeWorld;
beforeEach(() => {
  world = openFakeWorld();
  connect(world);
});

const ask = (unit: number, manifest = MANIFEST): void => {
  const of = { package: digestPackage(MANIFEST), manifest, inputs };
  receive(world, { type: 'examine', job: JOB, unit, items: 2, ...of } satisfies HubMessage);
};
const asked = () => world.effects.flatMap((effect) => (effect.type === 'examine' ? [effect] : []));
const told = () =>
  world.effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'examined' ? [effect.message] : [],
  );

test('a unit that is asked for twice is examined once, and one at a time', () => {
  for (const unit of [4, 4, 5]) ask(unit);
  expect(asked()).toMatchObject([{ unit: 4, items: 2, inputs }]);
  step(world, {
    type: 'examined',
    task: asked()[0]?.task ?? 0,
    result: { ok: true, value: FAILED },
  });
  expect(told()).toEqual([{ type: 'examined', job: JOB, unit: 4, failed: FAILED }]);
  expect(asked().map(({ unit }) => unit)).toEqual([4, 5]);
});

test('a unit that runs is told with no items', () => {
  ask(4);
  step(world, { type: 'examined', task: asked()[0]?.task ?? 0, result: { ok: true, value: [] } });
  expect(told()).toMatchObject([{ unit: 4, failed: [] }]);
});

test('an exam that could not be made is not answered, so that the hub asks again', () => {
  ask(4);
  const result = refuse('download-failed', 'the hub is away');
  step(world, { type: 'examined', task: asked()[0]?.task ?? 0, result });
  expect(told()).toEqual([]);
  ask(4);
  expect(asked()).toHaveLength(2);
});

test('a package that is not the one named ends the link', () => {
  ask(4, { ...MANIFEST, runtime: { ...MANIFEST.runtime, unitItems: 99 } });
  expect(asked()).toEqual([]);
  expect(world.effects.some(({ type }) => type === 'disconnect')).toBe(true);
});
