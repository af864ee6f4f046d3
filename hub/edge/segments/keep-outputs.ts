import type { JobId } from '#protocol/values/ids.ts';
import type { OutputSegment } from '../../core/state/facts.ts';
import type { OutputRows } from '../store/port.ts';
import { indexBytes, type OutputSize, segmentBytes } from '../store/segment-index.ts';
import { type SegmentPorts, writeSegment } from './write-segment.ts';

/** Of how many shards lengths are read at once. */
const SIZES_AT_ONCE = 1_024;

/** How much lies in a segment. */
export interface SegmentLimits {
  /** Where less is left of a job, it stays in rows: a file for it would cost more than it frees. */
  bytesMin: number;
  /** One shard alone may have more. */
  bytesMax: number;
  /** Their rows go in one transaction, for which everybody waits: some 50 ms. */
  shardsMax: number;
}

export const SEGMENT_LIMITS: SegmentLimits = {
  bytesMin: 64 * 1024,
  bytesMax: 64 * 1024 * 1024,
  shardsMax: 2_048,
};

/** What the move of a job's outputs needs. */
export interface KeepPorts extends SegmentPorts {
  rows: Pick<OutputRows, 'numbers' | 'sizes' | 'bytes'>;
  /** Writes down that the outputs lie in this segment; without one, that the rest stays in rows. */
  keep(segment?: OutputSegment): Promise<void>;
  /** Nothing is swept while this work goes on: a segment has its name when it ends. */
  hold(work: Promise<void>): Promise<void>;
}

/**
 * Moves the outputs of an archived job from rows into segments, in the order of their facts. It may
 * end at any moment and begin again: a segment counts when its fact is on disk, and rows go with
 * that.
 */
export async function keepOutputs(
  job: JobId,
  ports: KeepPorts,
  limits = SEGMENT_LIMITS,
): Promise<void> {
  const { rows, keep, pause } = ports;
  const keepSegment = async (sizes: readonly OutputSize[]) =>
    ports.hold(writeSegment(ports, sizes).then(keep));
  const numbers: number[] = [];
  for await (const some of rows.numbers(job)) {
    numbers.push(...some);
    await pause();
  }
  numbers.sort((a, b) => a - b);
  let sizes: OutputSize[] = [];
  let bytes = 0;
  for (let start = 0; start < numbers.length; start += SIZES_AT_ONCE) {
    for (const size of await rows.sizes(numbers.slice(start, start + SIZES_AT_ONCE))) {
      const more = segmentBytes([size]) - indexBytes(0);
      const isFull = sizes.length === limits.shardsMax || bytes + more > limits.bytesMax;
      if (isFull && sizes.length > 0) {
        await keepSegment(sizes);
        [sizes, bytes] = [[], 0];
      }
      sizes.push(size);
      bytes += more;
    }
    await pause();
  }
  if (sizes.length > 0 && bytes >= limits.bytesMin) await keepSegment(sizes);
  await keep();
}
