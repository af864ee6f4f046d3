import { expect, it } from 'vitest';
import { fakeReference, MANIFEST } from '../fake-world.ts';
import type { Reference } from '../state/events.ts';
import { decode } from './decode.ts';
import type { Evidence } from './kind.ts';

/** Climbs to the end with what the verifier's runs give one after another: its steps. */
function climb(claim: Reference, runs: readonly Reference[], known: Evidence['claim'] = claim) {
  const references: Reference[] = [];
  const steps: string[] = [];
  let held: Evidence['claim'];
  for (let rung = 0; rung < 7; rung += 1) {
    const evidence = { provider: 'wasm', manifest: MANIFEST, claimed: claim.digest } as const;
    const more = held === undefined ? {} : { claim: held };
    const step = decode.judge({ ...evidence, references, gaveUp: false, ...more });
    if (step.do === 'decide') return [...steps, step.finding.kind];
    steps.push(step.do === 'execute' && step.fresh ? 'execute fresh' : step.do);
    if (step.do === 'claim') held = known;
    else references.push(runs[references.length] ?? claim);
  }
  throw new Error('the ladder has no end');
}

const [right, wrong] = [fakeReference(1), fakeReference(2)];

it('a text is run with its claim at hand', () => {
  expect(climb(right, [right])).toEqual(['claim', 'execute', 'match']);
});

it('a wrong text is written again in a fresh worker before it is a mismatch', () => {
  expect(climb(wrong, [right, right])).toEqual(['claim', 'execute', 'execute fresh', 'mismatch']);
});

it('a text whose bytes are not to be had is judged by its digest alone', () => {
  expect(climb(right, [right], 'unavailable')).toEqual(['claim', 'execute', 'match']);
  expect(climb(wrong, [right, right], 'unavailable').at(-1)).toBe('mismatch');
});

it('nothing is said of a text where our own runs differ', () => {
  expect(climb(wrong, [right, fakeReference(3)]).at(-1)).toBe('inconclusive');
});
