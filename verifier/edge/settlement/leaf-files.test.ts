import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HubHttp } from '../http.ts';
import { hashFile, openLeafFiles } from './leaf-files.ts';

const BYTES = Uint8Array.of(1, 2, 3);
const HASH = hashFile(BYTES);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-leaves-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A hub that gives back what `change` makes of what it was given. */
function fakeHub(change = (bytes: Uint8Array) => bytes) {
  const posted: Uint8Array[] = [];
  const http = {
    postBytes: async (_: string, bytes: Uint8Array) => void posted.push(bytes),
    get: async () => Buffer.from(change(posted.at(-1) ?? BYTES)),
  } as unknown as HubHttp;
  return { posted, http };
}

describe('leaf files', () => {
  it('are in two stores, and read back from both', async () => {
    const { posted, http } = fakeHub();
    const files = await openLeafFiles(folder, http);
    expect(await files.keep(BYTES)).toBe(HASH);
    expect(posted).toEqual([BYTES]);
    expect(await readdir(folder)).toEqual([`${HASH}.leaves`]);
    expect(await files.read(HASH)).toEqual(BYTES);
  });

  it('are not kept when the hub gives another file back', async () => {
    const { http } = fakeHub((bytes) => Uint8Array.of(...bytes, 0));
    const files = await openLeafFiles(folder, http);
    await expect(files.keep(BYTES)).rejects.toMatchObject({ refusal: { code: 'leaves-unknown' } });
  });

  it('come from the hub when the own one is gone or damaged', async () => {
    const files = await openLeafFiles(folder, fakeHub().http);
    expect(await files.read(HASH)).toEqual(BYTES);
    await writeFile(join(folder, `${HASH}.leaves`), 'cut');
    expect(await files.read(HASH)).toEqual(BYTES);
    const lying = await openLeafFiles(folder, fakeHub(() => Uint8Array.of(9)).http);
    await expect(lying.read(HASH)).rejects.toMatchObject({ refusal: { code: 'leaves-unknown' } });
  });
});
