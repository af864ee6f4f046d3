import type { BlobRef } from '#protocol/models/package.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import type { OutputSegment } from '../../core/state/facts.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { OutputRows } from '../store/port.ts';
import {
  encodeIndex,
  layOut,
  type OutputColumn,
  type OutputSize,
  type SegmentEntry,
  segmentBytes,
} from '../store/segment-index.ts';

/** Bytes of rows that are in memory at once, beside those of one shard. */
const WINDOW_BYTES = 1024 * 1024;

/** What the making of a segment needs. */
export interface SegmentPorts {
  rows: Pick<OutputRows, 'bytes'>;
  blobs: Pick<BlobStore, 'put'>;
  /** Lets others work for a while; rejects when the hub stops. */
  pause(): Promise<void>;
}

/** Copies rows of these sizes, in the order of their numbers, into a blob. */
export async function writeSegment(
  ports: SegmentPorts,
  sizes: readonly OutputSize[],
): Promise<OutputSegment> {
  const length = segmentBytes(sizes);
  const made: BlobRef = must(await ports.blobs.put(readSegment(ports, layOut(sizes)), length));
  const first = sizes[0]?.number ?? 0;
  return { ...made, first, end: (sizes.at(-1)?.number ?? 0) + 1, shards: sizes.length };
}

async function* readSegment(
  { rows, pause }: SegmentPorts,
  entries: readonly SegmentEntry[],
): AsyncGenerator<Uint8Array> {
  yield encodeIndex(entries);
  for (const column of ['outputs', 'fingerprints'] as const) {
    for (const window of listWindows(entries, column)) {
      const bytes = await rows.bytes(
        window.map(({ number }) => number),
        column,
      );
      yield Buffer.concat(window.map((entry) => take(bytes, entry, column)));
      await pause();
    }
  }
}

/** Entries with bytes, as many at once as fill a window. */
function* listWindows(
  entries: readonly SegmentEntry[],
  column: OutputColumn,
): Generator<SegmentEntry[]> {
  let [window, bytes]: [SegmentEntry[], number] = [[], 0];
  for (const entry of entries) {
    const { length } = entry[column];
    if (length === 0) continue;
    window.push(entry);
    bytes += length;
    if (bytes < WINDOW_BYTES) continue;
    yield window;
    [window, bytes] = [[], 0];
  }
  if (window.length > 0) yield window;
}

function take(
  bytes: ReadonlyMap<number, Uint8Array | null>,
  entry: SegmentEntry,
  column: OutputColumn,
): Uint8Array {
  const found = bytes.get(entry.number);
  if (found?.length === entry[column].length) return found;
  throw fault('job-state', 'the outputs of a job were removed while they were moved');
}
