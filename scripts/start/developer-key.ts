import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The developer's key for a hub's data folder. The hub shows it once, on its first start, and keeps
 * only a hash; this keeps it in `DATA/keys/developer.key` (mode 0600) for later starts.
 */
export async function keepDeveloperKey(data: string, shown: string | undefined): Promise<string> {
  const path = join(data, 'keys', 'developer.key');
  if (shown !== undefined) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, `${shown}\n`, { mode: 0o600 });
    return shown;
  }
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    throw new Error(
      `This hub made its developer key on an earlier start and ${path} does not hold it: ` +
        'put the key there, or start with another --data folder.',
    );
  }
}
