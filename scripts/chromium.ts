import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { runCommand } from './command.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const INSTALL_MS_MAX = 10 * 60_000;

/**
 * Path of a Chromium to drive: `POCKETGRID_CHROMIUM`, else one on the PATH, else Playwright's own
 * copy; where there is none, installs Debian's package (as root) or has Playwright download its
 * own. Throws with the way out when nothing worked.
 */
export async function findChromium(): Promise<string> {
  const found = await presentChromium();
  if (found !== undefined) return found;
  await installChromium();
  const installed = await presentChromium();
  if (installed !== undefined) return installed;
  throw new Error(
    'No Chromium was found and none could be installed: install Chromium or Chrome, ' +
      'or name one with POCKETGRID_CHROMIUM=/path/to/chromium.',
  );
}

async function presentChromium(): Promise<string | undefined> {
  const named = process.env['POCKETGRID_CHROMIUM'];
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new Error(
      `POCKETGRID_CHROMIUM names ${named}, which cannot be run: correct or unset it.`,
    );
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of NAMES) {
    for (const folder of folders) {
      if (await isExecutable(join(folder, name))) return join(folder, name);
    }
  }
  const own = chromium.executablePath();
  return (await isExecutable(own)) ? own : undefined;
}

async function installChromium(): Promise<void> {
  const options = { timeoutMs: INSTALL_MS_MAX, output: 'stderr' as const };
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await runCommand(['apt-get', 'update', '-q'], { ...options, env });
    const install = ['apt-get', 'install', '-q', '-y', '--no-install-recommends', 'chromium'];
    const { code } = await runCommand(install, { ...options, env });
    if (code === 0) return;
  }
  await runCommand(['npx', 'playwright-core', 'install', 'chromium'], options);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// `tsx scripts/chromium.ts` prints the path, for programs that import nothing from here.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${await findChromium()}\n`);
}
