import { describe, expect, it } from 'vitest';
import { TAGS } from '#protocol/settlement/instructions.ts';
import { CASES, type Name, openFurnished } from './cases.ts';
import { attacksOn, fight, swapsOf } from './swaps.ts';

/** In which form an instruction is tried, and on which features. */
const FORMS = [
  { tokens: false, features: 'mainnet' },
  { tokens: true, features: 'all' },
] as const;

describe.each(FORMS)('every account swapped, tokens: $tokens, features: $features', (form) => {
  it.each(Object.keys(TAGS) as Name[])('%s', (name) => {
    const world = openFurnished(form);
    const swaps = swapsOf(world);
    const of = CASES[name](world);
    expect(of.roles).toHaveLength(of.made.accounts.length);
    const attacks = attacksOn(world, of, swaps);
    expect(attacks.map((attack) => fight(world, attack)).filter((told) => told)).toEqual([]);
    // It was the swap that was refused: as it should be it goes through.
    expect(world.chain.send([...(of.before ?? []), of.made], of.signers).refused).toBeUndefined();
  });
});
