import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';
import { openTestFolder } from './test-folder.ts';

const data = openTestFolder();

test('a folder is kept from others until it is let go', async () => {
  const folder = join(data, 'verifier');
  const unlock = await lockFolder(folder, 'verifier');
  await expect(lockFolder(folder, 'verifier')).rejects.toMatchObject({
    refusal: { code: 'busy', message: expect.stringMatching(/another verifier .*--data/) },
  });
  await unlock();
  await (await lockFolder(folder, 'verifier'))();
});

test('a folder that cannot be made is no busy one', async () => {
  await expect(lockFolder('/dev/null/here', 'verifier')).rejects.not.toMatchObject({
    refusal: { code: 'busy' },
  });
});
