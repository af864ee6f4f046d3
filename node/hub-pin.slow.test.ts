import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openTestPrograms, type TestProgram } from './test-programs.ts';

const { data, start } = openTestPrograms();
const OTHER = 'ab'.repeat(32);

const says = ({ child }: TestProgram, words: string): Promise<void> => {
  let text = '';
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        text += String(chunk);
        if (text.includes(words)) resolve();
      });
    }
  });
};

it('a contributor and a verifier keep the key of a real hub, and work for no other', async () => {
  const identity = await start('verifier/main.ts', '--print-key', '--data', data).ended;
  const words = ['--port', '0', '--data', join(data, 'hub'), '--verifier-key'];
  const { url = '', hub = '' } = await start('hub/main.ts', ...words, identity.text.trim()).ready;
  const at = ['--hub', url, '--data', data];
  const verifier = start('verifier/main.ts', ...at, '--settle-minutes', '0');
  const contributor = start('worker/edge/node/main.ts', ...at);
  for (const folder of ['verifier', 'contributor-1']) {
    const file = join(data, folder, 'hub-keys', encodeURIComponent(url));
    const kept = () => readFile(file, 'utf8').catch(() => undefined);
    expect(await vi.waitUntil(kept, { timeout: 30_000 })).toBe(`${hub}\n`);
  }
  for (const { child, ended } of [verifier, contributor]) {
    child.kill('SIGTERM');
    await ended;
  }
  const wrong = ['--hub-key', OTHER];
  const refusal = `has the key ${hub}, and this program trusts ${OTHER}`;
  await says(start('verifier/main.ts', ...at, '--settle-minutes', '0', ...wrong), refusal);
  await says(start('worker/edge/node/main.ts', ...at, ...wrong), refusal);
});

it('programs work for a hub of --lan whose certificate they pin, and tell it nothing otherwise', async () => {
  const folder = join(data, 'lan');
  const identity = await start('verifier/main.ts', '--print-key', '--data', folder).ended;
  const words = ['--port', '0', '--lan', '--data', folder, '--verifier-key'];
  const { url = '', hub = '' } = await start('hub/main.ts', ...words, identity.text.trim()).ready;
  expect(url).toMatch(/^https:/);
  const kept = await readFile(join(folder, 'keys', 'certificate.json'), 'utf8');
  const { fingerprint256: pin } = new X509Certificate((JSON.parse(kept) as { cert: string }).cert);
  const at = ['--hub', url, '--data', folder];
  const wrong = ['--pin', OTHER];
  const refusal = `shows a certificate with the SHA-256 ${pin}, and --pin names ${OTHER}`;
  const quiet = ['--settle-minutes', '0'];
  await says(start('verifier/main.ts', ...at, ...wrong, ...quiet), refusal);
  await says(start('worker/edge/node/main.ts', ...at, ...wrong), refusal);
  const evidence = await start('worker/edge/node/main.ts', ...at, ...wrong, '--evidence').ended;
  expect(evidence.errors).toContain(refusal);
  const names = ['--name', '2', '--pin', pin];
  start('worker/edge/node/main.ts', ...at, ...names);
  const file = join(folder, 'contributor-2', 'hub-keys', encodeURIComponent(url));
  const read = () => readFile(file, 'utf8').catch(() => undefined);
  expect(await vi.waitUntil(read, { timeout: 30_000 })).toBe(`${hub}\n`);
  const health = ['--epoch', '1', '--log', join(folder, 'none'), '--pin', pin];
  const audit = await start('verifier/audit.ts', '--hub', url, ...health).ended;
  expect(audit.errors).toContain('ENOENT');
  const claim = (...trust: string[]) =>
    start('scripts/claim.ts', '--hub', url, '--index', '0', '--wallet', 'none', ...trust).ended;
  expect((await claim('--pin', pin)).errors).toContain('chain-missing');
  expect((await claim(...wrong)).errors).toContain(refusal);
});
