import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFirefox } from './firefox.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-firefox-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A shell script in the browser's place: its launcher is what is tested. */
async function fakeFirefox(lines: string): Promise<string> {
  const path = join(folder, 'firefox');
  await writeFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return path;
}

/** Field 3 of `stat`; a zombie that nobody has waited for yet runs no more. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

describe.runIf(process.platform === 'linux')('the launcher of Firefox', () => {
  it('gives it a profile of its own and the page, and ends it with what it started', async () => {
    const path = await fakeFirefox(
      'echo "$@" > "$HOME/words"\ntrap "" TERM\nsleep 600 &\necho $! > "$HOME/part"\nwait\nsleep 600',
    );
    const firefox = await openFirefox(path, 'http://127.0.0.1/page', folder);
    const part = join(folder, 'part');
    const readPart = async () => Number(await readFile(part, 'utf8').catch(() => '0'));
    await vi.waitFor(async () => expect(await readPart()).toBeGreaterThan(0), 20_000);
    const pid = await readPart();
    expect(await readFile(join(folder, 'words'), 'utf8')).toMatch(
      /^--headless --no-remote --profile \S+profile http:\/\/127\.0\.0\.1\/page\n$/,
    );
    await access(join(folder, 'profile', 'user.js'));
    expect(await isRunning(pid)).toBe(true);
    await firefox.close();
    await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), 20_000);
  }, 60_000);

  it('says when it ends by itself or cannot be started', async () => {
    const ending = await openFirefox(await fakeFirefox('exit 3'), 'about:blank', folder);
    await expect(ending.stopped).rejects.toThrow('Firefox: it ended with 3');
    await ending.close();
    const missing = await openFirefox(join(folder, 'none'), 'about:blank', folder);
    await expect(missing.stopped).rejects.toThrow('ENOENT');
    await missing.close();
  }, 60_000);
});
