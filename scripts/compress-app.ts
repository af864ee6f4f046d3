import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Already compressed inside. */
const PACKED = new Set(['.png', '.jpg', '.webp', '.woff2', '.gz', '.br']);
/** Headers weigh more than what a smaller file could save. */
const BYTES_MIN = 1024;
/** Past this, what is packed is kept: the best brotli takes a minute for the runtime's 69 MB. */
const LARGE_BYTES = 1024 * 1024;
/** How hard large files are packed, and so how long the first build takes. */
export type Effort = 'quick' | 'best';
const QUALITY = { quick: 9, best: constants.BROTLI_MAX_QUALITY } as const;

/** Where packed files are kept, and how hard those are packed that are not there. */
export interface Packing {
  cache: string;
  effort: Effort;
}

/**
 * Writes `FILE.br` and `FILE.gz` beside every file of a built app that gets smaller by it. Large
 * ones, which change with a library alone, are kept in a cache by their digest for the next build.
 */
export async function compressApp(folder: string, packing: Packing): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !PACKED.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(files.map((file) => compressFile(file, packing)));
}

async function compressFile(file: string, packing: Packing): Promise<void> {
  const raw = await readFile(file);
  if (raw.length < BYTES_MIN) return;
  for (const [ending, packed] of Object.entries(await packFile(raw, packing))) {
    if (packed.length < raw.length) await writeFile(`${file}.${ending}`, packed);
  }
}

/** A file in each form that browsers take, by its ending. */
export async function packFile(raw: Buffer, packing: Packing): Promise<{ br: Buffer; gz: Buffer }> {
  if (raw.length < LARGE_BYTES)
    return { br: await packBrotli(raw, 'best'), gz: await packGzip(raw) };
  await mkdir(packing.cache, { recursive: true });
  const digest = createHash('sha256').update(raw).digest('hex');
  const keep = (ending: string) => join(packing.cache, `${digest}.${ending}`);
  const read = (ending: string) => readFile(keep(ending)).catch(() => undefined);
  const write = async (ending: string, packed: Buffer) => {
    await writeFile(keep(ending), packed);
    return packed;
  };
  const { effort } = packing;
  const br =
    (await read('best.br')) ??
    (effort === 'quick' ? await read('quick.br') : undefined) ??
    (await write(`${effort}.br`, await packBrotli(raw, effort)));
  const gz = (await read('gz')) ?? (await write('gz', await packGzip(raw)));
  return { br, gz };
}

const packBrotli = (raw: Buffer, effort: Effort): Promise<Buffer> =>
  promisify(brotliCompress)(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY[effort],
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });

const packGzip = (raw: Buffer): Promise<Buffer> =>
  promisify(gzip)(raw, { level: raw.length > LARGE_BYTES ? 6 : 9 });
