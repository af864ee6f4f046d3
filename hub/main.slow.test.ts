import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';

const programs = openTestPrograms();
const { data } = programs;
const start = (...flags: string[]) => programs.start('hub/main.ts', '--data', data, ...flags);

it('shows its key once, says no to a taken port, and stops when it is told to', async () => {
  const hub = start('--port', '0');
  const first = await hub.ready;
  expect(first.key).toMatch(/^pg_/);
  const health = await (await fetch(`${first.url}/v1/health`)).json();
  expect(health).toMatchObject({ status: 'ok', hub: first.hub });
  const socket = new URL(first.url ?? '');

  const other = await start('--port', socket.port, '--data', join(data, 'other')).ended;
  expect(other).toMatchObject({ code: 1, errors: expect.stringMatching(/in use; .*--port/) });
  const same = await start('--port', '0').ended;
  expect(same).toMatchObject({ code: 1, errors: expect.stringContaining('--data') });

  hub.child.kill('SIGTERM');
  expect(await hub.ended).toMatchObject({ code: 0, errors: '' });

  const again = start('--port', '0');
  expect(await again.ready).toMatchObject({ hub: first.hub });
  expect((await again.ready).key).toBeUndefined();
  again.child.kill('SIGKILL');
  await again.ended;
  const renewed = start('--port', '0');
  await renewed.ready;
  const added = programs.start('hub/main.ts', 'keys', 'add', 'another', '--data', data);
  expect(await added.ended).toMatchObject({ code: 0, errors: '' });
  renewed.child.kill('SIGINT');
  expect(await renewed.ended).toMatchObject({ code: 0, errors: '' });
});

it('names a wrong flag', async () => {
  const { code, errors } = await start('--port', 'many').ended;
  expect(code).toBe(1);
  expect(errors).toContain('--port');
});

it('takes its settings from a file, and the key of its operator', async () => {
  const key = `pg_${'k'.repeat(43)}`;
  const [config, keyFile] = [join(data, 'config.json'), join(data, 'operator.key')];
  await writeFile(keyFile, `${key}\n`);
  const hub = { port: 0, data: join(data, 'by-file'), 'operator-key': keyFile };
  await writeFile(config, JSON.stringify({ hub }));
  const started = programs.start('hub/main.ts', '--config', config);
  const { url, key: shown } = await started.ready;
  expect(shown).toBeUndefined();
  const headers = { Authorization: `Bearer ${key}` };
  expect(await (await fetch(`${url}/v1/key`, { headers })).json()).toMatchObject({
    role: 'operator',
  });
  started.child.kill('SIGINT');
  expect(await started.ended).toMatchObject({ code: 0, errors: '' });
  await writeFile(config, JSON.stringify({ hub: { ...hub, portt: 0 } }));
  const refused = await programs.start('hub/main.ts', '--config', config).ended;
  expect(refused).toMatchObject({
    code: 1,
    errors: expect.stringContaining('hub.portt is no field; did you mean port'),
  });
});
