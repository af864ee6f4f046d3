import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { must } from '#protocol/values/refusal.ts';
import { checkBlobs, sampleBytes } from './blobs.contract.ts';
import { explainDiskError } from './disk-error.ts';
import { openFolderBlobs } from './folder.ts';

const folder = openTestFolder();
let opened = 0;
const freshFolder = () => join(folder, `${opened++}`);

describe('folder of blobs', () => {
  checkBlobs(() => openFolderBlobs(freshFolder()));

  it('keeps blobs over a restart and drops what was cut off', async () => {
    const path = freshFolder();
    const blobs = await openFolderBlobs(path);
    const data = sampleBytes(300_000);
    const { root } = must(await blobs.put(data, 1_000_000));
    await blobs.close();
    await mkdir(join(path, 'incoming'), { recursive: true });
    await writeFile(join(path, 'incoming', 'half'), 'half of an upload');
    const again = await openFolderBlobs(path);
    expect(await readdir(join(path, 'incoming'))).toEqual([]);
    expect(Buffer.compare(must(await again.read(root, 0, data.length)), data)).toBe(0);
    expect(must(await again.pieces(root))).toHaveLength(64);
    await again.close();
  });

  it('leaves no draft behind, whether it kept the bytes or not', async () => {
    const path = freshFolder();
    const blobs = await openFolderBlobs(path);
    await blobs.put(sampleBytes(300_000), 1_000_000);
    await blobs.put(sampleBytes(300_000), 299_999);
    expect(await readdir(join(path, 'incoming'))).toEqual([]);
    await blobs.close();
  });

  it('refuses with disk-full before it takes the last of the disk', async () => {
    const path = freshFolder();
    const blobs = await openFolderBlobs(path, { freeBytesMin: Number.MAX_SAFE_INTEGER });
    const refused = await blobs.put(sampleBytes(10), 100);
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'disk-full' } });
    expect(await readdir(path)).toEqual(['incoming']);
    expect(await readdir(join(path, 'incoming'))).toEqual([]);
    await blobs.close();
  });

  it('refuses when the folder cannot be written, and leaves nothing', async () => {
    const path = freshFolder();
    const blobs = await openFolderBlobs(path);
    await rm(join(path, 'incoming'), { recursive: true });
    const refused = await blobs.put(sampleBytes(10), 100);
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'storage-failed' } });
    // Strangers are told; they need not know where this machine keeps what.
    expect(JSON.stringify(refused)).not.toContain(path);
    expect(JSON.stringify(refused)).toContain('ENOENT');
    await blobs.close();
  });

  it('tells a full disk from other failures of the system', () => {
    const failure = (code: string) => Object.assign(new Error(code), { code, syscall: 'write' });
    expect(explainDiskError(failure('ENOSPC'))?.code).toBe('disk-full');
    expect(explainDiskError(failure('EDQUOT'))?.code).toBe('disk-full');
    expect(explainDiskError(failure('EIO'))?.code).toBe('storage-failed');
    expect(explainDiskError(new Error('ours'))).toBeUndefined();
  });
});
