import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Root } from '#protocol/values/ids.ts';

/** What a sweep of a folder asks. */
export interface Sweep {
  isNamed(root: Root): Promise<boolean>;
  /** While blobs are being written nothing is removed: one of them may have the same content. */
  isBusy(): boolean;
  /** What was written more lately may get its name yet. */
  ageMs: number;
}

/** Removes blobs of a folder, `ab/<root>`, that nothing names; gives how many. */
export async function sweepFolder(folder: string, { isNamed, isBusy, ageMs }: Sweep) {
  let removed = 0;
  for (const group of await readdir(folder)) {
    if (!/^[0-9a-f]{2}$/.test(group)) continue;
    for (const name of await readdir(join(folder, group))) {
      if (!v.is(Root, name) || (await isNamed(name as Root))) continue;
      const path = join(folder, group, name);
      const { mtimeMs } = await stat(path);
      if (mtimeMs > Date.now() - ageMs || isBusy()) continue;
      await rm(path, { force: true });
      await rm(`${path}.pieces`, { force: true });
      removed += 1;
    }
  }
  return removed;
}
