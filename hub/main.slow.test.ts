import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let data: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pocketgrid-main-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(data, { recursive: true });
});

interface Ready {
  ready: true;
  url: string;
  hub: string;
  key?: string;
}

/** Starts `hub/main.ts`: its ready line, what it said on standard error, and its exit status. */
function start(...flags: string[]) {
  const words = ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), '--data', data, ...flags];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, errors }));
  });
  const ready = new Promise<Ready>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
      const line = text.split('\n').find((each) => each.startsWith('{'));
      if (line !== undefined && text.endsWith('\n')) resolve(JSON.parse(line) as Ready);
    });
  });
  return { child, ready, ended };
}

it('shows its key once, says no to a taken port, and stops when it is told to', async () => {
  const hub = start('--port', '0');
  const first = await hub.ready;
  expect(first.key).toMatch(/^pg_/);
  const health = await (await fetch(`${first.url}/v1/health`)).json();
  expect(health).toMatchObject({ status: 'ok', hub: first.hub });
  const socket = new URL(first.url);

  const other = await start('--port', socket.port, '--data', join(data, 'other')).ended;
  expect(other).toMatchObject({ code: 1, errors: expect.stringMatching(/in use; .*--port/) });
  const same = await start('--port', '0').ended;
  expect(same).toMatchObject({ code: 1, errors: expect.stringContaining('--data') });

  hub.child.kill('SIGTERM');
  expect(await hub.ended).toEqual({ code: 0, errors: '' });

  const again = start('--port', '0');
  expect(await again.ready).toMatchObject({ hub: first.hub });
  expect((await again.ready).key).toBeUndefined();
  again.child.kill('SIGKILL');
  await again.ended;
  const renewed = start('--port', '0', '--new-key');
  expect((await renewed.ready).key).toMatch(/^pg_/);
  renewed.child.kill('SIGINT');
  expect(await renewed.ended).toEqual({ code: 0, errors: '' });
});

it('names a wrong flag', async () => {
  const { code, errors } = await start('--port', 'many').ended;
  expect(code).toBe(1);
  expect(errors).toContain('--port');
});
