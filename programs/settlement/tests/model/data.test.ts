import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TAGS } from '#protocol/settlement/instructions.ts';
import { CASES, type Name, openFurnished } from './cases.ts';
import { change, changeData, tryData } from './data.ts';

const RUNS = 100;

describe.each([
  { tokens: false, features: 'all' },
  { tokens: true, features: 'mainnet' },
] as const)('instruction data spoiled, tokens: $tokens, features: $features', (form) => {
  it.each(Object.keys(TAGS) as Name[])('%s', (name) => {
    const world = openFurnished(form);
    const of = CASES[name](world);
    const { data: right } = of.made;
    expect(tryData(world, name, { ...of, data: right })).toBeUndefined();
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const data = changes.reduce(changeData, right);
        expect(tryData(world, name, { ...of, data })).toBeUndefined();
      }),
      { numRuns: RUNS, seed: 1 },
    );
    const cuts = Array.from({ length: Math.min(right.length, 64) }, (_, at) => right.slice(0, at));
    const longer = Uint8Array.of(...right, 0);
    for (const data of [...cuts, longer])
      expect(tryData(world, name, { ...of, data })).toBeUndefined();
    expect(world.chain.send([...(of.before ?? []), of.made], of.signers).refused).toBeUndefined();
  });
});
