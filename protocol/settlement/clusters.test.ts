import { expect, it } from 'vitest';
import { LOCAL_PROGRAM } from './addresses.ts';
import { checkProgram, clusterName } from './clusters.ts';
import type { Address } from './money-api.ts';

const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';
const other = '1'.repeat(32) as Address;
const wayOut = 'Ask.';

it('a chain that is not public has the pinned program and no other', () => {
  const genesisHash = 'constructor';
  expect(clusterName(genesisHash)).toBe('localnet');
  expect(checkProgram({ program: LOCAL_PROGRAM, genesisHash }, { wayOut })).toMatchObject({
    ok: true,
  });
  const refused = checkProgram({ program: other, genesisHash }, { wayOut });
  expect(refused).toMatchObject({ ok: false, refusal: { code: 'chain-wrong' } });
  expect(JSON.stringify(refused)).toContain(`this release knows ${LOCAL_PROGRAM}`);
});

it('a public cluster without a pinned program takes the one that the user names', () => {
  const at = { program: other, genesisHash: MAINNET };
  expect(checkProgram(at, { wayOut })).toMatchObject({
    refusal: { message: expect.stringContaining('on mainnet, and this release knows none') },
  });
  expect(checkProgram(at, { named: other, wayOut })).toEqual({ ok: true, value: other });
  expect(checkProgram(at, { named: LOCAL_PROGRAM, wayOut })).toMatchObject({
    refusal: { message: expect.stringContaining(`you named ${LOCAL_PROGRAM}`) },
  });
});
