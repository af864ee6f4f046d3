import { expect, it } from 'vitest';
import type { JobId } from '#protocol/values/ids.ts';
import {
  askOpinion,
  connect,
  finishExecutions,
  honestShard,
  openFakeWorld,
  sendCheck,
  sentTypes,
  sentVerdicts,
  step,
  wait,
} from '../fake-world.ts';

it('a verifier backs off longer each time, says so, and starts over after a steady session', () => {
  const script = openFakeWorld();
  step(script, { type: 'tick' });
  for (let round = 0; round < 8; round += 1) {
    step(script, { type: 'disconnected', link: script.link, reason: 'refused' });
    wait(script, 31_000);
  }
  const said = script.effects.filter((effect) => effect.type === 'say');
  expect(said).not.toHaveLength(0);
  expect(said.every(({ text }) => /trying again in [\d.]+ s/.test(text))).toBe(true);
  expect(script.state.failures).toBeGreaterThan(5);
});

it('a verifier ends a session that is silent for three beats', () => {
  const script = openFakeWorld();
  connect(script);
  wait(script, 16_000);
  expect(script.effects.some(({ type }) => type === 'disconnect')).toBe(true);
  expect(sentTypes(script).filter((type) => type === 'beat').length).toBeGreaterThanOrEqual(2);
});

it('a verifier says goodbye and stops when the disk has everything', () => {
  const script = openFakeWorld();
  connect(script);
  step(script, { type: 'stopping' });
  expect(sentTypes(script).at(-1)).toBe('bye');
  expect(script.effects.at(-1)).toEqual({ type: 'stopped' });
});

it('a verifier keeps a bounded number of manifests, and those of jobs it has work of', () => {
  const world = openFakeWorld({ rate: 0 });
  connect(world);
  world.idle = true;
  const first = honestShard(0, 2);
  askOpinion(world, first, [0]);
  for (let sequence = 1; sequence <= 5_000; sequence += 1) {
    const job = `job_${sequence.toString(16).padStart(16, '0')}` as JobId;
    sendCheck(world, { ...honestShard(sequence, 1), job });
  }
  expect(world.state.manifests.size).toBeLessThanOrEqual(2_048);
  expect(sentVerdicts(world)).toEqual([]);
  finishExecutions(world);
  expect(sentVerdicts(world)).toMatchObject([{ job: first.job, kind: 'match' }]);
});
