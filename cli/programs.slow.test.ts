import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { readGrid } from '#client/grid.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import { must } from '#protocol/values/refusal.ts';

const { data, start } = openTestPrograms();
let url = '';
let key = '';

beforeAll(async () => {
  const words = ['--port', '0', '--data', join(data, 'hub')];
  ({ url = '', key = '' } = await start('hub/main.ts', ...words).ready);
});

const online = async () => {
  const { devices } = must(await readGrid(openClient({ hub: url })));
  return devices.length;
};

it('contribute runs until it is stopped, and a verifier says its key', async () => {
  const own = (name: string) => ['--hub', url, '--data', join(data, name)];
  const device = start('cli/main.ts', 'contribute', ...own('device'));
  await device.ready;
  await expect.poll(online, { timeout: 30_000 }).toBe(1);
  device.child.kill('SIGTERM');
  expect((await device.ended).code).toBe(0);
  await expect.poll(online, { timeout: 30_000 }).toBe(0);

  const printed = await start('cli/main.ts', 'verifier', '--print-key', ...own('verifier')).ended;
  expect(printed).toMatchObject({ code: 0, text: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
  // With --json the lines of the program go to standard error: the answer is one value.
  const json = ['verifier', '--print-key', '--json', ...own('verifier')];
  const { text, errors } = await start('cli/main.ts', ...json).ended;
  expect([errors, text.replace(errors, '')]).toEqual([printed.text, '{"status":0}\n']);
});

it('they name the hub of the environment, and end with the status of their program', () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'pocketgrid.mjs'), ...words], {
      env: { ...process.env, POCKETGRID_HUB: url, POCKETGRID_KEY: key, XDG_CONFIG_HOME: data },
      ...{ cwd: data, encoding: 'utf8', timeout: 60_000 },
    });
  const none = run('contribute', '--evidence');
  expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('no evidence')]);
  const wrong = run('contribute', '--speed', '9');
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('--speed')]);
  const help = run('verifier', '--help');
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('--epoch-minutes')]);
});
