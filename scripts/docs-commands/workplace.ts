import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, runCommand } from '../command.ts';
import { MARK, type PageScript, PROGRAMS } from './page-script.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What a reader's own commands make. */
const MADE = ['data', 'dist', '.git', '.build'];
/** What a reader's commands change. */
const COPIED = ['package.json', 'package-lock.json', 'deploy'];
/** The port of the hub in our pages. */
const PORT = '8787';

/** The hub that a page speaks to. */
export interface PageHub {
  port: string;
  /** The operator's, where the page's own commands start no hub. */
  key?: string;
  env?: Record<string, string>;
}

/**
 * Makes a folder that looks like this repository to a reader: links to its files, and a data
 * folder with an operator's key as `npm start` leaves it. Programs find `client`, a folder with our
 * package. What commands write stays in there.
 */
export async function openWorkplace(
  folder: string,
  { key, client }: { key?: string | undefined; client?: string },
): Promise<void> {
  await mkdir(join(folder, 'data', 'keys'), { recursive: true });
  const packages = join(folder, PROGRAMS, 'node_modules', '@pocketgrid');
  await mkdir(packages, { recursive: true });
  if (client !== undefined) await symlink(client, join(packages, 'client'));
  for (const name of await readdir(ROOT)) {
    if (COPIED.includes(name)) await cp(join(ROOT, name), join(folder, name), { recursive: true });
    else if (!MADE.includes(name)) await symlink(join(ROOT, name), join(folder, name));
  }
  if (key !== undefined) await writeFile(join(folder, 'data', 'keys', 'operator.key'), `${key}\n`);
}

export interface PageRun extends CommandResult {
  /** Where the last block began that was reached. */
  at: string;
}

/** Runs a page in a workplace; the port of its hub stands for the one in the text. */
export async function runPage(
  { script, files }: PageScript,
  { folder, hub, timeoutMs }: { folder: string; hub: PageHub; timeoutMs: number },
): Promise<PageRun> {
  const here = (text: string) => text.replaceAll(PORT, hub.port);
  for (const [name, text] of files) {
    await writeFile(join(folder, PROGRAMS, name), here(text));
  }
  const file = join(folder, 'page.sh');
  await writeFile(file, `cd '${folder}'\n${here(script)}`);
  const env = {
    ...{ XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') },
    ...{ HUB: `http://127.0.0.1:${hub.port}`, KEY: hub.key ?? '' },
    ...hub.env,
  };
  const { code, text } = await runCommand(['bash', file], { timeoutMs, env });
  const [, at = 'the beginning'] =
    text
      .split(`${MARK} `)
      .at(-1)
      ?.match(/^(\S+:\d+)\n/) ?? [];
  return { code, text, at };
}
