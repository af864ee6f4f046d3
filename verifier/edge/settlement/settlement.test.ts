import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { openKeyFile } from '#node/key-file.ts';
import { openTestFolder } from '#node/test-folder.ts';
import { millis } from '#protocol/values/units.ts';
import { openSettlement, type Settlement } from './settlement.ts';

const folder = openTestFolder();
const THEIRS = 'Vote111111111111111111111111111111111111111';

it('a verifier signs for no program of the hub alone', async () => {
  const asked: string[] = [];
  let settlement: Settlement | undefined;
  /** A hub that has its verifiers sign for a program of its own: no real one would. */
  const fakeSend = async ({ url }: Request) => {
    asked.push(url);
    return Response.json({
      program: THEIRS,
      config: THEIRS,
      pool: THEIRS,
      rpc: '/chain',
      genesisHash: '4'.repeat(44),
      challengeSeconds: 1,
      graceSeconds: 1,
      local: true,
    });
  };
  const hub = new URL('http://hub');
  const identity = await openKeyFile(join(folder, 'verifier.json'));
  const said = await new Promise<string>((resolve) => {
    settlement = openSettlement({
      hub,
      http: { client: openClient({ hub, send: fakeSend }), send: fakeSend, setTicket() {} },
      identity,
      payerFile: join(folder, 'payer.json'),
      folder,
      rpcUrl: undefined,
      program: undefined,
      everyMs: millis(0),
      say: (_, text) => resolve(text),
    });
  });
  expect(said).toContain(`The hub names the program ${THEIRS}`);
  await settlement?.close();
  expect(asked).toEqual(['http://hub/v1/chain']);
});
