import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { runCommand } from '../command.ts';
import { copyDeclarations } from './declarations.ts';

const ROOT = join(import.meta.dirname, '../..');
const NAME = '@pocketgrid/client';
const ENTRY = 'client/index.ts';
const TYPES_MS_MAX = 3 * 60_000;
const LICENSES = 'LICENSES.md';

/**
 * Writes `@pocketgrid/client` into a folder, to publish from there: one ES module without a
 * dependency, its declarations, and the licenses of what is in it.
 */
export async function buildClientPackage(folder: string): Promise<void> {
  await clear(folder);
  await build({
    ...{ root: ROOT, configFile: false, publicDir: false, logLevel: 'warn' },
    build: {
      ...{
        outDir: folder,
        emptyOutDir: false,
        target: 'es2022',
        minify: false,
        license: { fileName: LICENSES },
      },
      lib: { entry: join(ROOT, ENTRY), formats: ['es'], fileName: () => 'index.js' },
    },
  });
  const types = await writeTypes(folder);
  const { version, license, engines } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  );
  const manifest = {
    ...{ name: NAME, version, license, engines, type: 'module' },
    description: 'Embeddings, classes and tensors from a Pocketgrid, in a browser, Node or Deno.',
    ...{ sideEffects: false, files: ['index.js', 'types', LICENSES] },
    exports: { '.': { types: `./${types}`, default: './index.js' } },
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await copyFile(join(ROOT, 'docs/javascript.md'), join(folder, 'README.md'));
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

/** Empties a folder that holds such a package, or makes it. Throws for one with anything else. */
async function clear(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const found = await readdir(folder);
  const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '');
  if (found.length > 0 && !manifest.includes(`"${NAME}"`)) {
    throw new Error(`${folder} holds something else; name another folder`);
  }
  await rm(folder, { recursive: true });
  await mkdir(folder, { recursive: true });
}

/** Declarations of the entry and all that it names, those of the schemas' library among them. */
async function writeTypes(folder: string): Promise<string> {
  const command = ['npx', 'tsc', '-b', join(ROOT, 'client')];
  const { code, text } = await runCommand(command, { timeoutMs: TYPES_MS_MAX });
  if (code !== 0) throw new Error(`the types of the client do not compile:\n${text}`);
  const library = join(ROOT, 'node_modules/valibot/dist/index.d.mts');
  const from = {
    ours: (file: string) =>
      join(ROOT, '.build/types', file.split('/')[0] ?? '', file.replace(/\.ts$/, '.d.ts')),
    library: (name: string) => (name === 'valibot' ? library : undefined),
  };
  const entry = await copyDeclarations(ENTRY, { from, folder: join(folder, 'types') });
  return `types/${entry}`;
}
