import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { hashFile, openLeafFiles } from './leaf-files.ts';

const BYTES = Uint8Array.of(1, 2, 3);
const HASH = hashFile(BYTES);
/** What a hub says of a file that was left with it. */
const VIEW = {
  dataHash: HASH,
  period: 1,
  through: 1,
  total: '1',
  claims: 1,
  spends: 1,
  length: 3,
  verifier: 'a'.repeat(64),
  at: 1,
};
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-leaves-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A hub that gives back what `change` makes of what it was given. */
function fakeHub(change = (bytes: Uint8Array) => bytes) {
  const posted: Uint8Array[] = [];
  const client = openClient({
    hub: 'http://hub',
    async send(request) {
      if (request.method === 'GET')
        return new Response(new Uint8Array(change(posted.at(-1) ?? BYTES)));
      posted.push(new Uint8Array(await request.arrayBuffer()));
      return Response.json(VIEW);
    },
  });
  return { posted, client };
}

describe('leaf files', () => {
  it('are in two stores, and read back from both', async () => {
    const { posted, client } = fakeHub();
    const files = await openLeafFiles(folder, client);
    expect(await files.keep(BYTES)).toBe(HASH);
    expect(posted).toEqual([BYTES]);
    expect(await readdir(folder)).toEqual([`${HASH}.leaves`]);
    expect(await files.read(HASH)).toEqual(BYTES);
  });

  it('are not kept when the hub gives another file back', async () => {
    const { client } = fakeHub((bytes) => Uint8Array.of(...bytes, 0));
    const files = await openLeafFiles(folder, client);
    await expect(files.keep(BYTES)).rejects.toMatchObject({ refusal: { code: 'leaves-unknown' } });
  });

  it('come from the hub when the own one is gone or damaged', async () => {
    const files = await openLeafFiles(folder, fakeHub().client);
    expect(await files.read(HASH)).toEqual(BYTES);
    await writeFile(join(folder, `${HASH}.leaves`), 'cut');
    expect(await files.read(HASH)).toEqual(BYTES);
    const lying = await openLeafFiles(folder, fakeHub(() => Uint8Array.of(9)).client);
    await expect(lying.read(HASH)).rejects.toMatchObject({ refusal: { code: 'leaves-unknown' } });
  });
});
