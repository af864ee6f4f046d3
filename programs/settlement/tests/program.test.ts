import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

it('is the file whose hash is written beside it', async () => {
  const [hash] = (await readFile('programs/settlement.so.sha256', 'utf8')).split(' ');
  const bytes = await readFile('programs/settlement.so');
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash);
});
