import { expect, it } from 'vitest';
import { buildFileTree, checkPieceLayer, PIECE_BYTES } from '#protocol/bytes/file-tree.ts';
import type { Root } from '#protocol/values/ids.ts';
import { must, type Result } from '#protocol/values/refusal.ts';
import type { BlobStore } from './port.ts';

const LIMIT = 4 * PIECE_BYTES;

/** Bytes without a short period, so that a piece read from the wrong place shows. */
export const sampleBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 167 + (at >> 8) * 13) % 251);

async function* inChunks(data: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < data.length; offset += length) {
    yield data.subarray(offset, offset + length);
  }
}

const codeOf = (result: Result<unknown>) => (result.ok ? 'accepted' : result.refusal.code);
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** The suite every blob store passes. */
export function checkBlobs(open: () => Promise<BlobStore>): void {
  checkReading(open);
  checkRefusing(open);
  checkSources(open);
}

function checkReading(open: () => Promise<BlobStore>): void {
  it('names bytes by their file tree, however they arrive', async () => {
    const blobs = await open();
    for (const length of [1, 16_384, 16_385, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 77]) {
      const data = sampleBytes(length);
      const tree = buildFileTree(data);
      const ref = { root: tree.root, length };
      expect(must(await blobs.put(inChunks(data, 10_007), LIMIT))).toEqual(ref);
      expect(must(await blobs.put(data, LIMIT))).toEqual(ref);
      expect(await blobs.stat(tree.root)).toBe(length);
      expect(same(must(await blobs.read(tree.root, 0, length)), data)).toBe(true);
      const pieces = must(await blobs.pieces(tree.root));
      expect(same(pieces, tree.pieces)).toBe(true);
      expect(checkPieceLayer(ref, pieces)).toBe(true);
    }
    await blobs.close();
  });

  it('reads and streams any range', async () => {
    const blobs = await open();
    const data = sampleBytes(2 * PIECE_BYTES + 999);
    const { root } = must(await blobs.put(data, LIMIT));
    for (const [offset, length] of [
      [0, data.length],
      [1, PIECE_BYTES],
      [PIECE_BYTES - 1, PIECE_BYTES + 3],
      [data.length - 1, 1],
      [data.length, 0],
    ] as const) {
      const expected = data.subarray(offset, offset + length);
      expect(same(must(await blobs.read(root, offset, length)), expected)).toBe(true);
      const chunks: Uint8Array[] = [];
      for await (const chunk of must(await blobs.stream(root, offset, length))) {
        expect(chunk.length).toBeLessThanOrEqual(PIECE_BYTES);
        chunks.push(chunk);
      }
      expect(same(Buffer.concat(chunks), expected)).toBe(true);
    }
    await blobs.close();
  });
}

function checkRefusing(open: () => Promise<BlobStore>): void {
  it('refuses ranges outside a blob, and blobs it does not hold', async () => {
    const blobs = await open();
    const { root } = must(await blobs.put(sampleBytes(100), LIMIT));
    for (const [offset, length] of [
      [0, 101],
      [-1, 5],
      [100, 1],
      [0.5, 1],
      [0, Number.MAX_SAFE_INTEGER],
    ] as const) {
      expect(codeOf(await blobs.read(root, offset, length))).toBe('range-invalid');
      expect(codeOf(await blobs.stream(root, offset, length))).toBe('range-invalid');
    }
    for (const other of ['f'.repeat(64), '../../../etc/passwd', ''] as Root[]) {
      expect(await blobs.stat(other)).toBeUndefined();
      expect(codeOf(await blobs.read(other, 0, 1))).toBe('blob-unknown');
      expect(codeOf(await blobs.stream(other, 0, 1))).toBe('blob-unknown');
      expect(codeOf(await blobs.pieces(other))).toBe('blob-unknown');
    }
    await blobs.close();
  });

  it('refuses what is too long or empty, and keeps nothing of it', async () => {
    const blobs = await open();
    const data = sampleBytes(5_000);
    expect(codeOf(await blobs.put(data, 4_999))).toBe('input-too-big');
    expect(codeOf(await blobs.put(inChunks(data, 100), 4_999, 'model-too-big'))).toBe(
      'model-too-big',
    );
    expect(codeOf(await blobs.put(new Uint8Array(), LIMIT))).toBe('input-empty');
    expect(codeOf(await blobs.put(inChunks(new Uint8Array(), 1), LIMIT))).toBe('input-empty');
    expect(await blobs.stat(buildFileTree(data).root)).toBeUndefined();
    expect(must(await blobs.put(data, 5_000)).length).toBe(5_000);
    await blobs.close();
  });
}

function checkSources(open: () => Promise<BlobStore>): void {
  it('rejects when the source breaks off, and keeps nothing of it', async () => {
    const blobs = await open();
    async function* broken() {
      yield sampleBytes(3_000);
      throw Object.assign(new Error('the connection was reset'), {
        code: 'ECONNRESET',
        syscall: 'read',
      });
    }
    await expect(blobs.put(broken(), LIMIT)).rejects.toThrow('the connection was reset');
    expect(await blobs.stat(buildFileTree(sampleBytes(3_000)).root)).toBeUndefined();
    await blobs.close();
  });

  it('takes the same bytes from several hands at once', async () => {
    const blobs = await open();
    const data = sampleBytes(PIECE_BYTES + 5);
    const refs = await Promise.all([1, 2, 3, 4].map(() => blobs.put(inChunks(data, 999), LIMIT)));
    expect(new Set(refs.map((ref) => must(ref).root)).size).toBe(1);
    const root = must(refs[0] ?? (await blobs.put(data, LIMIT))).root;
    expect(same(must(await blobs.read(root, 0, data.length)), data)).toBe(true);
    await blobs.close();
  });
}
