import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';

const SOURCES = [
  'index.html',
  'vite.config.ts',
  'package.json',
  'scripts/compress-app.ts',
  'public',
  'protocol',
  'client',
  'web',
  'worker',
];
const BUILD_MS_MAX = 3 * 60_000;

/** Builds the app into `dist/` when it is missing or older than what it is made from. */
export async function ensureBuilt(say: (line: string) => void): Promise<void> {
  const built = await newest('dist/index.html');
  const changed = Math.max(...(await Promise.all(SOURCES.map(newest))));
  if (built > changed) return;
  say('Building the app…');
  const { code, text } = await runCommand(['npx', 'vite', 'build', '--mode', 'quick'], {
    timeoutMs: BUILD_MS_MAX,
  });
  if (code !== 0) throw new Error(`The app could not be built:\n${text.trimEnd()}`);
}

/** When a file, or the newest file in a folder, was changed: ms since 1970, 0 if there is none. */
async function newest(path: string): Promise<number> {
  if (/\.test\.tsx?$/.test(path)) return 0;
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return found.mtimeMs;
    const names = await readdir(path);
    return Math.max(0, ...(await Promise.all(names.map((name) => newest(join(path, name))))));
  } catch {
    return 0;
  }
}
