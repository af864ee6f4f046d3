import { hash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';

/** What our pages tell a reader to install. */
const PACKAGES = ['openai==3.51.0', 'requests==2.34.2'];
const INSTALL_MS_MAX = 4 * 60_000;

/** An environment of Python with the packages of our pages, or why there is none. */
export type Python = { bin: string } | { missing: string };

/** Makes the environment once, in a folder of its own under `cache`. */
export async function openPython(cache: string): Promise<Python> {
  const folder = join(cache, `python-${hash('sha256', PACKAGES.join(' ')).slice(0, 16)}`);
  const bin = join(folder, 'bin');
  if (await stat(bin).then(Boolean, () => false)) return { bin };
  const made = `${folder}.part`;
  await rm(made, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  const pip = [join(made, 'bin', 'python'), '-m', 'pip', 'install', '--quiet'];
  for (const command of [
    ['python3', '-m', 'venv', made],
    [...pip, '--only-binary', ':all:', ...PACKAGES],
  ]) {
    const { code, text } = await runCommand(command, { timeoutMs: INSTALL_MS_MAX });
    if (code !== 0)
      return { missing: `${command.slice(0, 4).join(' ')} ended with ${code}: ${text.trim()}` };
  }
  await rename(made, folder);
  return { bin };
}
