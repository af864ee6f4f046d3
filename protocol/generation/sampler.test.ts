import fc from 'fast-check';
import { expect, it } from 'vitest';
import { portableExp, portableLog } from './portable-math.ts';
import { logSum, sampleToken, topTokens } from './sampler.ts';

const PLAIN = { seed: 1, temperature: 1, topP: 1, topK: 0 };
const logits = fc
  .array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 60 })
  .map((values) => Float32Array.from(values));

it('the portable logarithm and exponential are those of the language but for the last bit', () => {
  const near = (a: number, b: number) =>
    expect(Math.abs(a - b)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(b)));
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      near(portableLog(x), Math.log(x));
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: -700, max: 0, noNaN: true }), (x) => {
      near(portableExp(x), Math.exp(x));
    }),
  );
  expect([portableExp(0), portableExp(-701), portableExp(Number.NEGATIVE_INFINITY)]).toEqual([
    1, 0, 0,
  ]);
});

it('the same seed draws the same tokens on every machine', () => {
  const steps = Float32Array.from({ length: 50 }, (_, at) => Math.fround(Math.sin(at * at) * 2));
  const draw = (seed: number) =>
    Array.from({ length: 12 }, (_, at) => sampleToken(steps, { ...PLAIN, seed }, at));
  // Written down once: another engine, or a change of the hash, would give others.
  expect(draw(7)).toEqual(DRAWN);
  expect(draw(8)).not.toEqual(DRAWN);
});
const DRAWN = [8, 14, 36, 43, 1, 23, 8, 0, 33, 30, 49, 30];

it('tokens are drawn as often as the softmax says', () => {
  const values = Float32Array.from([0, 1, 2, -1]);
  const weights = [...values].map(Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = [0, 0, 0, 0];
  const draws = 20_000;
  for (let at = 0; at < draws; at += 1) {
    const token = sampleToken(values, PLAIN, at);
    counts[token] = (counts[token] ?? 0) + 1;
  }
  for (const [token, weight] of weights.entries()) {
    expect((counts[token] ?? 0) / draws).toBeCloseTo(weight / total, 1.5);
  }
});

it('temperature 0 takes the largest logit, the lowest number among equals', () => {
  const token = sampleToken(Float32Array.from([1, 3, 3, 2]), { ...PLAIN, temperature: 0 }, 5);
  expect(token).toBe(1);
});

it('what is drawn is among what topK and topP leave', () => {
  const options = fc.record({
    seed: fc.nat(),
    temperature: fc.constantFrom(0.3, 1, 2),
    topP: fc.constantFrom(0.1, 0.5, 0.9, 1),
    topK: fc.nat(10),
  });
  fc.assert(
    fc.property(logits, options, fc.nat(100), (values, sampling, position) => {
      const token = sampleToken(values, sampling, position);
      const sorted = topTokens(values, values.length);
      const { topK, topP, temperature } = sampling;
      const kept = topK > 0 ? sorted.slice(0, topK) : sorted;
      expect(kept).toContain(token);
      const before = kept.slice(0, kept.indexOf(token));
      const weight = (id: number) => Math.exp((values[id] ?? 0) / temperature);
      const sum = (ids: number[]) => ids.reduce((all, id) => all + weight(id), 0);
      if (topP < 1) expect(sum(before)).toBeLessThanOrEqual(topP * sum(kept) * (1 + 1e-9));
    }),
  );
});

it('top tokens stand in falling order of logits, equals by number', () => {
  fc.assert(
    fc.property(logits, fc.integer({ min: 1, max: 8 }), (values, count) => {
      const sorted = [...values.keys()].sort(
        (a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b,
      );
      expect(topTokens(values, count)).toEqual(sorted.slice(0, count));
    }),
  );
});

it('the sum of exponentials makes probabilities of logits', () => {
  fc.assert(
    fc.property(logits, (values) => {
      const probabilities = [...values].map((logit) => Math.exp(logit - logSum(values)));
      expect(probabilities.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9);
    }),
  );
});

it('a logit that is no number is refused', () => {
  const values = Float32Array.from([1, Number.NaN, 2]);
  for (const temperature of [0, 1]) {
    expect(() => sampleToken(values, { ...PLAIN, temperature }, 0)).toThrow(/NaN/);
  }
});
