import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Already compressed inside. */
const PACKED = new Set(['.png', '.jpg', '.webp', '.woff2', '.gz', '.br']);
/** Headers weigh more than what a smaller file could save. */
const BYTES_MIN = 1024;
/** Past this, the best brotli takes minutes: the runtime has 14 to 27 MB, in parts. */
const BEST_BYTES_MAX = 1024 * 1024;
const QUALITY = { large: 9, best: 11 } as const;

/**
 * Writes `FILE.br` and `FILE.gz` beside every file of a built app that gets smaller by it. Large
 * ones, which change with a library alone, are kept in `cache` by their digest for the next build.
 */
export async function compressApp(folder: string, cache: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !PACKED.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(files.map((file) => compressFile(file, cache)));
}

async function compressFile(file: string, cache: string): Promise<void> {
  const raw = await readFile(file);
  if (raw.length < BYTES_MIN) return;
  for (const [ending, packed] of Object.entries(await packFile(raw, cache))) {
    if (packed.length < raw.length) await writeFile(`${file}.${ending}`, packed);
  }
}

/** A file in each form that browsers take, by its ending. */
export async function packFile(raw: Buffer, cache: string): Promise<{ br: Buffer; gz: Buffer }> {
  await mkdir(cache, { recursive: true });
  // The quality is part of the name: what another quality made is not taken for it.
  const digest = createHash('sha256').update(raw).update(`${QUALITY.large}`).digest('hex');
  const pack = async (ending: string, compress: (raw: Buffer) => Promise<Buffer>) => {
    const kept = join(cache, `${digest}.${ending}`);
    const known = await readFile(kept).catch(() => undefined);
    const packed = known ?? (await compress(raw));
    if (known === undefined && raw.length > BEST_BYTES_MAX) await writeFile(kept, packed);
    return packed;
  };
  return { br: await pack('br', packBrotli), gz: await pack('gz', packGzip) };
}

const packBrotli = (raw: Buffer): Promise<Buffer> =>
  promisify(brotliCompress)(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: raw.length > BEST_BYTES_MAX ? QUALITY.large : QUALITY.best,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });

const packGzip = (raw: Buffer): Promise<Buffer> =>
  promisify(gzip)(raw, { level: raw.length > BEST_BYTES_MAX ? 6 : 9 });
