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
