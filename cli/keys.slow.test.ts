import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import type { KeyList, NewKey } from '#protocol/api/keys.ts';
import { EXIT } from './exit.ts';
import { openFakeWorld } from './fake-world.ts';
import { runCli } from './run.ts';

const { data, start } = openTestPrograms();
let env: Record<string, string>;

beforeAll(async () => {
  const words = ['--port', '0', '--no-verifier', '--data', join(data, 'hub')];
  const { url = '', key = '' } = await start('hub/main.ts', ...words).ready;
  env = { POCKETGRID_HUB: url, POCKETGRID_KEY: key };
});

async function run(line: readonly string[], more: Record<string, string> = {}) {
  const world = openFakeWorld(data, { ...env, ...more });
  const code = await runCli(line, world);
  return { code, said: world.said.join('\n'), told: world.told.join('\n') };
}

it('a key is made, may do what was said, is listed without its text, and ends when it is revoked', async () => {
  const flags = ['--read-only', '--days', '2', '--items', '10', '--calls-per-minute', '600'];
  const made = await run(['keys', 'add', 'vision team', ...flags]);
  const [line = '', key = ''] = made.said.split('\n');
  expect(line).toMatch(
    /^dev_[0-9a-f]{16} {2}vision team: developer, reads only, until .*, 10 items/,
  );
  const own = { POCKETGRID_KEY: key };
  expect((await run(['jobs'], own)).code).toBe(EXIT.done);
  const forbidden = await run(['keys', 'list', '--json'], own);
  expect([forbidden.code, JSON.parse(forbidden.told)]).toMatchObject([
    EXIT.refused,
    { error: { code: 'key-forbidden' } },
  ]);
  const listed = await run(['keys', 'list']);
  expect(listed.said).toContain(line);
  expect(listed.said).not.toContain(key);
  const [id = ''] = line.split(' ');
  expect(await run(['keys', 'revoke', id])).toMatchObject({ code: 0, said: `${id} is revoked` });
  expect((await run(['jobs'], own)).code).toBe(EXIT.refused);
  const all = JSON.parse((await run(['keys', 'list', '--json'])).said) as KeyList;
  expect(all.keys.find((each) => each.id === id)).toHaveProperty('revokedAt');
});

it('another operator is made, whose answer as JSON has the key', async () => {
  const { said } = await run(['keys', 'add', 'second', '--operator', '--json']);
  const made = JSON.parse(said) as NewKey;
  expect(made).toMatchObject({ name: 'second', role: 'operator', access: 'write' });
  expect((await run(['keys', 'list'], { POCKETGRID_KEY: made.key })).code).toBe(EXIT.done);
});

it.each([
  [['keys', 'add'], EXIT.misused, 'name is missing'],
  [['keys', 'add', 'x', '--days', '0'], EXIT.misused, '--days: expected a number from 1'],
  [['keys', 'revoke', 'job_1'], EXIT.misused, 'expected a developer id'],
  [['keys', 'revoke', 'dev_0123456789abcdef'], EXIT.refused, 'no key dev_0123456789abcdef'],
])('%j ends with %i and what to do', async (line, code, told) => {
  expect(await run(line)).toMatchObject({ code, told: expect.stringContaining(told) });
});
