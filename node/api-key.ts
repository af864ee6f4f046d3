import { readFile } from 'node:fs/promises';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';

const VARIABLE = 'POCKETGRID_KEY';

/**
 * An API key from the file of this path, else from the environment. Never from the command line: other
 * users of a machine can read that, and a shell keeps it.
 */
export async function readApiKey(
  file: string | undefined,
  { flag, env = process.env }: { flag: string; env?: Record<string, string | undefined> },
): Promise<string> {
  if (file?.startsWith(API_KEY_PREFIX)) {
    throw new Error(
      `${flag} takes the path of a file with the key, or set ${VARIABLE}: a command line can be read by others`,
    );
  }
  const text =
    file === undefined ? env[VARIABLE] : await readFile(file, 'utf8').catch(explain(file));
  const key = text?.trim() ?? '';
  if (key.startsWith(API_KEY_PREFIX)) return key;
  if (file !== undefined) throw new Error(`${file} holds no API key, ${API_KEY_PREFIX}…`);
  throw new Error(
    `${flag} is missing: give the path of a file with an API key, or set ${VARIABLE}`,
  );
}

const explain = (file: string) => (cause: unknown) => {
  throw new Error(`the key in ${file} cannot be read (${String(cause)})`, { cause });
};
