import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Already compressed inside. */
const PACKED = new Set(['.png', '.jpg', '.webp', '.woff2', '.gz', '.br']);
/** Headers weigh more than what a smaller file could save. */
const BYTES_MIN = 1024;
/** Past this, the best brotli takes minutes: the runtime has files of 14 to 27 MB. */
const BEST_BYTES_MAX = 1024 * 1024;

/**
 * Writes `FILE.br` and `FILE.gz` beside every file of a built app that gets smaller by it. Large
 * ones, which change with a library alone, are kept in `cache` by their digest for the next build.
 */
export async function compressApp(folder: string, cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !PACKED.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(files.map((file) => compressFile(file, cache)));
}

async function compressFile(file: string, cache: string): Promise<void> {
  const raw = await readFile(file);
  if (raw.length < BYTES_MIN) return;
  const digest = createHash('sha256').update(raw).digest('hex');
  for (const [ending, compress] of [
    ['br', packBrotli],
    ['gz', packGzip],
  ] as const) {
    const kept = join(cache, `${digest}.${ending}`);
    const known = await readFile(kept).catch(() => undefined);
    const packed = known ?? (await compress(raw));
    if (known === undefined && raw.length > BEST_BYTES_MAX) await writeFile(kept, packed);
    if (packed.length < raw.length) await writeFile(`${file}.${ending}`, packed);
  }
}

const packBrotli = (raw: Buffer): Promise<Buffer> =>
  promisify(brotliCompress)(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: raw.length > BEST_BYTES_MAX ? 5 : 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });

const packGzip = (raw: Buffer): Promise<Buffer> =>
  promisify(gzip)(raw, { level: raw.length > BEST_BYTES_MAX ? 6 : 9 });
