import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

/** `from '…'` and `import('…')`. */
const SPECIFIER = /(\bfrom |\bimport\()(["'])([^"']+)\2/g;

/** Where declarations come from. */
export interface Origin {
  /** Where a file of ours has its declarations: `client/jobs.ts` → a path. */
  ours(file: string): string;
  /** Where a library has its own, which then come along; undefined for one that may not. */
  library(name: string): string | undefined;
}

/**
 * Copies the declarations of `entry` and of all that it names into `folder`, with addresses that a
 * package may have. Gives the path of the entry from there. Throws for a library that may not come.
 */
export async function copyDeclarations(
  entry: string,
  { from, folder }: { from: Origin; folder: string },
): Promise<string> {
  const open = [entry];
  const seen = new Set(open);
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const here = file;
    const source = isLibrary(here) ? from.library(nameOf(here)) : from.ours(here);
    if (source === undefined) throw new Error(`declarations name the library ${nameOf(here)}`);
    const text = (await readFile(source, 'utf8')).replace(SPECIFIER, (all, ...parts: string[]) => {
      const [, , name = ''] = parts;
      const target = resolveName(here, name);
      if (!seen.has(target)) open.push(target);
      seen.add(target);
      return all.replace(name, () => addressOf(here, target));
    });
    const path = join(folder, withEnding(here, '.d.ts'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
  }
  return withEnding(entry, '.d.ts');
}

const LIBRARIES = 'vendor/';
const isLibrary = (file: string): boolean => file.startsWith(LIBRARIES);
const nameOf = (file: string): string => file.slice(LIBRARIES.length);
/** A file of ours ends with .ts, a library has the name alone. */
const withEnding = (file: string, ending: string): string => file.replace(/\.ts$/, '') + ending;

function resolveName(from: string, name: string): string {
  if (name.startsWith('#')) return name.slice(1);
  if (name.startsWith('.')) return posix.join(posix.dirname(from), name);
  return `${LIBRARIES}${name}`;
}

function addressOf(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), withEnding(to, '.js'));
  return path.startsWith('.') ? path : `./${path}`;
}
