import { expect, it } from 'vitest';
import { connect, openFakeWorld, sentTypes, step, wait } from '../fake-world.ts';

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
