import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import type { BenchContext } from '../figure.ts';

const VERSION = '1.4.5';
/**
 * Platform packages of Bun that carry its binary and no install script; the x64 one needs no AVX2.
 */
const PACKAGES: Record<string, { name: string; integrity: string }> = {
  'linux-x64': {
    name: '@oven/bun-linux-x64-baseline',
    integrity:
      'sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==',
  },
  'linux-arm64': {
    name: '@oven/bun-linux-aarch64',
    integrity:
      'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  },
};
const FETCH_MS_MAX = 5 * 60_000;
const CACHE = '.build/engines';

/** The pinned Bun in the cache folder; fetched there from its npm package when `install` is set. */
export async function findBun({
  install,
  say,
}: BenchContext): Promise<{ path: string; version: string } | { reason: string }> {
  const pinned = PACKAGES[`${process.platform}-${process.arch}`];
  if (pinned === undefined) {
    return { reason: `no package of Bun is pinned for ${process.platform} on ${process.arch}` };
  }
  const path = join(CACHE, `bun-${VERSION}`, 'bin', 'bun');
  if (!(await isPresent(path))) {
    if (!install) return { reason: 'not in the cache folder; --install fetches it' };
    say(`fetching ${pinned.name} ${VERSION}…`);
    const failure = await fetchBun(pinned).catch((error: unknown) => String(error));
    if (failure !== undefined) return { reason: `it could not be fetched: ${failure}` };
  }
  const version = await runCommand([path, '--version'], 20_000);
  return { path, version: version.trim() };
}

async function fetchBun({ name, integrity }: { name: string; integrity: string }) {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'fetch-'));
  try {
    const pack = ['npm', 'pack', `${name}@${VERSION}`, '--pack-destination', folder, '--json'];
    const [packed] = JSON.parse(await runCommand(pack, FETCH_MS_MAX)) as { filename: string }[];
    const file = join(folder, (packed?.filename ?? '').replace('@', '').replace('/', '-'));
    const found = createHash('sha512')
      .update(await readFile(file))
      .digest('base64');
    if (`sha512-${found}` !== integrity) throw new Error(`${name} is not the pinned build`);
    await runCommand(['tar', '-xzf', file, '-C', folder], FETCH_MS_MAX);
    await rename(join(folder, 'package'), join(CACHE, `bun-${VERSION}`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return undefined;
}

const isPresent = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
