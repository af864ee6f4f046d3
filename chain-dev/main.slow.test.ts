import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import { LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';

const SOMEBODY = 'So11111111111111111111111111111111111111112';

const programs = openTestPrograms();
const { data } = programs;
const start = (...flags: string[]) => programs.start('chain-dev/main.ts', '--data', data, ...flags);

async function call(url: string, method: string, params: unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', body, headers });
  return ((await answer.json()) as { result: unknown }).result;
}

it('a chain that is killed has on its next start what it acknowledged', async () => {
  const chain = start('--port', '0');
  const { url = '', genesisHash } = await chain.ready;
  expect(await call(url, 'getAccountInfo', [LOCAL_PROGRAM])).toMatchObject({
    value: { executable: true },
  });
  await call(url, 'requestAirdrop', [SOMEBODY, 2_000_000]);
  chain.child.kill('SIGKILL');
  await chain.ended;
  const again = start('--port', new URL(url).port);
  expect(await again.ready).toMatchObject({ url, genesisHash });
  expect(await call(url, 'getBalance', [SOMEBODY])).toMatchObject({ value: 2_000_000 });

  const second = await start('--port', '0').ended;
  expect(second).toMatchObject({ code: 1, errors: expect.stringContaining('--data') });
  const other = await start('--port', new URL(url).port, '--data', join(data, 'other')).ended;
  expect(other).toMatchObject({ code: 1, errors: expect.stringContaining('--port') });

  again.child.kill('SIGTERM');
  expect(await again.ended).toMatchObject({ code: 0, errors: '' });
});

it('a chain ends in order when it is interrupted', async () => {
  const chain = start('--port', '0');
  await chain.ready;
  chain.child.kill('SIGINT');
  expect(await chain.ended).toMatchObject({ code: 0, errors: '' });
});

it('a chain names a wrong flag', async () => {
  const { code, errors } = await start('--port', 'many').ended;
  expect(code).toBe(1);
  expect(errors).toContain('--port');
});
