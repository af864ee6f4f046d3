import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HubClient } from '#client/client.ts';
import { type ResultRange, streamResults } from '#client/results.ts';
import { syncFolder } from '#node/files.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import type { World } from '../world.ts';

const FORMATS = ['jsonl', 'npy', 'safetensors'] as const;

/** The format that the ending of a file names. */
export function formatOf(file: string): (typeof FORMATS)[number] {
  const format = FORMATS.find((each) => file.toLowerCase().endsWith(`.${each}`));
  if (format !== undefined) return format;
  const message = `${file} does not say its format; end it with .jsonl, .npy or .safetensors`;
  throw fault('request-invalid', message);
}

interface Saving {
  job: JobId;
  range: ResultRange;
  /** Where they go; standard output without. */
  out?: string | undefined;
  world: World;
}

/** Brings results to a file, or to standard output, as they come. */
export async function saveResults(hub: HubClient, { job, range, out, world }: Saving) {
  const chunks = must(await streamResults(hub, { job, range }, { signal: world.signal }));
  if (out !== undefined) return saveFile(out, chunks);
  for await (const chunk of chunks) await world.write(chunk);
}

/** Writes a file under another name, and gives it its own when it is whole and on the disk. */
export async function saveFile(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const part = `${file}.part`;
  try {
    const handle = await open(part, 'w');
    try {
      for await (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** A value of JSON that is to be the only thing on standard output leaves no room for results. */
export function checkRoom({ isJson }: World, out: string | undefined): void {
  if (!isJson || out !== undefined) return;
  const message = '--json gives one value; name a file for the rest of the answer: -o FILE';
  throw fault('request-invalid', message);
}
