import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformWithOxc } from 'vite';
import { COMPILED, ROOT } from '#node/compiled.ts';

/** Folders of what runs in Node. */
const FOLDERS = [
  ...['chain-dev', 'cli', 'client', 'hub', 'node'],
  ...['programs', 'protocol', 'scripts', 'verifier', 'worker'],
];
/** What programs read by a path from the root. */
const LINKS = ['dist', 'package.json', 'public'];
/** What loads TypeScript in the sources has nothing to do in compiled ones. */
const LOADER: ReadonlyMap<string, string> = new Map([
  [
    'node_modules/tsx/package.json',
    '{"type":"module","exports":{".":"./none.js","./esm/api":"./none.js","./cjs/api":"./none.js"}}',
  ],
  ['node_modules/tsx/none.js', 'export const register = () => {};\n'],
]);

/**
 * Compiles what runs in Node file by file into `COMPILED`, a tree like that of the sources, where
 * plain Node starts any program in half the time. All else that lies there is linked. What is there
 * and right stays, so that two runs can do it at a time.
 */
export async function compilePrograms(): Promise<void> {
  const [files, links] = await readTree();
  for (const [path, text] of LOADER) files.set(path, text);
  await mkdir(COMPILED, { recursive: true });
  const old = await readdir(COMPILED, { recursive: true, withFileTypes: true });
  for (const entry of old) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(COMPILED.length + 1);
    if (!entry.isDirectory() && !files.has(name) && !links.has(name)) await rm(path);
  }
  for (const folder of new Set([...files.keys(), ...links].map(dirname))) {
    await mkdir(join(COMPILED, folder), { recursive: true });
  }
  await Promise.all([...files].map(([name, text]) => put(join(COMPILED, name), text)));
  await Promise.all([...links].map(link));
}

/** Compiled files by name, and names of files to link. */
async function readTree(): Promise<[files: Map<string, string>, links: Set<string>]> {
  const files = new Map<string, string>();
  const links = new Set(LINKS);
  const names = await Promise.all(
    FOLDERS.map(async (folder) => {
      const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !entry.parentPath.includes(`${ROOT}/programs/target`))
        .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
    }),
  );
  await Promise.all(
    names.flat().map(async (name) => {
      if (/\.(test|contract)\.tsx?$|\.md$/.test(name)) return;
      if (/\.(ts|mjs)$/.test(name)) files.set(compiledName(name), await compile(name));
      else links.add(name);
    }),
  );
  return [files, links];
}

/** The compiled form of a file, both by their paths from the root. */
export const compiledName = (name: string): string => name.replace(/\.ts$/, '.js');

async function compile(name: string): Promise<string> {
  const path = join(ROOT, name);
  const source = await readFile(path, 'utf8');
  if (!name.endsWith('.ts')) return nameCompiled(source);
  const { code, map } = await transformWithOxc(source, path, {
    sourcemap: true,
    tsconfig: false,
    typescript: { onlyRemoveTypeImports: true },
  });
  const inline = JSON.stringify({ ...map, sources: [pathToFileURL(path).href] });
  const url = `data:application/json;base64,${Buffer.from(inline).toString('base64')}`;
  return `${nameCompiled(code)}\n//# sourceMappingURL=${url}\n`;
}

/** Modules and programs that a file names are the compiled ones. */
const nameCompiled = (code: string): string =>
  code.replace(/(["'])([#.\w/-]+)\.ts\1/g, '$1$2.js$1');

async function put(path: string, text: string): Promise<void> {
  const old = await readFile(path, 'utf8').catch(() => undefined);
  if (old === text) return;
  const half = `${path}.${process.pid}`;
  await writeFile(half, text);
  await rename(half, path);
}

async function link(name: string): Promise<void> {
  await symlink(join(ROOT, name), join(COMPILED, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
