import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { openFakeWorld } from './fake-world.ts';
import { openHub } from './hub.ts';
import { readLogin, writeLogin } from './login-file.ts';

const folder = openTestFolder();
const LOGIN = { hub: 'http://127.0.0.1:8787', key: `pg_${'A'.repeat(43)}` };

describe('a login', () => {
  it('is kept for its owner alone, in place of the one before', async () => {
    const place = join(folder, 'one');
    expect(await readLogin(place)).toBeUndefined();
    const file = await writeLogin(place, { ...LOGIN, hub: 'http://other.example' });
    await writeLogin(place, LOGIN);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(place)).mode & 0o777).toBe(0o700);
    expect(await readLogin(place)).toEqual(LOGIN);
  });

  it('that others may read is refused with what to do', async () => {
    const file = await writeLogin(join(folder, 'open'), LOGIN);
    await chmod(file, 0o644);
    await expect(readLogin(join(folder, 'open'))).rejects.toThrow(`chmod 600 ${file}`);
  });

  it.each(['', '{}', '{"hub":"x","key":"pg_"}'])('of %j is refused', async (text) => {
    const file = await writeLogin(join(folder, 'bad'), LOGIN);
    await writeFile(file, text);
    await expect(readLogin(join(folder, 'bad'))).rejects.toThrow('do: pocketgrid login');
  });

  it('goes to its own hub alone', async () => {
    const world = openFakeWorld(join(folder, 'own'));
    const nobody = openHub(world, {});
    await expect(nobody).rejects.toMatchObject({ refusal: { code: 'key-missing' } });
    await writeLogin(join(folder, 'own', 'pocketgrid'), LOGIN);
    await openHub(world, {});
    await openHub(world, { hub: `${LOGIN.hub}/` });
    const elsewhere = openHub(world, { hub: 'http://evil.example' });
    await expect(elsewhere).rejects.toThrow('do: pocketgrid login --hub http://evil.example');
  });
});
