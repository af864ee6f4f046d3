import type { BlobRef } from '#protocol/models/package.ts';
import type { Root } from '#protocol/values/ids.ts';
import type { RefusalCode, Result } from '#protocol/values/refusal.ts';

/** Bytes by content. */
export interface BlobStore {
  /**
   * Keeps the bytes and names them by their BEP 52 root; durable when it resolves. Refuses with
   * `tooBig` (by default `input-too-big`) past `limit` bytes, `input-empty` for none, `disk-full`
   * or `storage-failed`. A source that throws rejects the call. Refused bytes leave nothing behind.
   */
  put(
    source: Uint8Array | AsyncIterable<Uint8Array>,
    limit: number,
    tooBig?: RefusalCode,
  ): Promise<Result<BlobRef>>;
  /** Nothing is swept while this work goes on: another thread puts blobs. */
  hold<T>(work: Promise<T>): Promise<T>;
  /** Length in bytes, or undefined for a blob that is not here. */
  stat(root: Root): Promise<number | undefined>;
  /** Exactly [offset, offset + length). Refuses with `blob-unknown` or `range-invalid`. */
  read(root: Root, offset: number, length: number): Promise<Result<Uint8Array>>;
  /** As `read`, in chunks of at most 256 KiB; opened lazily and closed when the loop ends. */
  stream(root: Root, offset: number, length: number): Promise<Result<AsyncIterable<Uint8Array>>>;
  /** The piece layer: 32 bytes per 256 KiB piece, empty for a blob of one piece. */
  pieces(root: Root): Promise<Result<Uint8Array>>;
  /**
   * Removes blobs that are older than `ageMs` and that `isNamed` does not know. Gives how many.
   */
  sweep(isNamed: (root: Root) => Promise<boolean>, ageMs: number): Promise<number>;
  close(): Promise<void>;
}
