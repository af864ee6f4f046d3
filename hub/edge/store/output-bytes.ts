import type { Root } from '#protocol/values/ids.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { Database } from './database/port.ts';
import type { FactRow } from './fact-rows.ts';
import { readRows } from './output-rows.ts';
import { decodeIndex, indexBytes, type OutputColumn, type Place } from './segment-index.ts';
import { readSegments, type SegmentRow } from './segments.ts';

/** Blobs, as far as outputs are read from them. */
export type SegmentBlobs = Pick<BlobStore, 'read'>;

/**
 * Finds bytes that came with accepted shards of one job: in rows, or in segments. Those of a job
 * whose data was removed are nowhere.
 */
export type ReadOutputs = (
  rows: readonly Pick<FactRow, 'number' | 'job'>[],
  column: OutputColumn,
) => Promise<ReadonlyMap<number, Uint8Array>>;

/** Opens both places. */
export function openOutputBytes(database: Database, blobs: SegmentBlobs): ReadOutputs {
  return async (rows, column) => {
    // Rows first: they go in the transaction that names their segment, so what is in neither was removed.
    const numbers = rows.map(({ number }) => number);
    const inRows = await readRows(database, numbers, column);
    const found = new Map<number, Uint8Array>();
    for (const [number, bytes] of inRows) if (bytes !== null) found.set(number, bytes);
    const missing = numbers.filter((number) => !inRows.has(number)).sort((a, b) => a - b);
    const [job, first, last] = [rows[0]?.job, missing[0], missing.at(-1)];
    if (typeof job !== 'number' || first === undefined || last === undefined) return found;
    for (const segment of await readSegments(database, { job, first, last })) {
      const own = missing.filter((number) => number >= segment.first && number < segment.end);
      await readSegment(blobs, segment, { numbers: own, column, found });
    }
    return found;
  };
}

/** Adds to `found` what a segment has. */
async function readSegment(
  blobs: SegmentBlobs,
  { root, shards }: SegmentRow,
  wanted: { numbers: readonly number[]; column: OutputColumn; found: Map<number, Uint8Array> },
): Promise<void> {
  const read = async (at: number, length: number): Promise<Uint8Array> => {
    const part = await blobs.read(root, at, length);
    return part.ok ? part.value : damaged(root, part.refusal.message);
  };
  const index = decodeIndex(await read(0, indexBytes(shards)));
  if (index === undefined) return damaged(root, 'its index cannot be read');
  const places = wanted.numbers.flatMap((number) => {
    const place = index.find(number)?.[wanted.column];
    return place === undefined || (place.length === 0 && wanted.column === 'fingerprints')
      ? []
      : [{ number, ...place }];
  });
  for (const run of joinPlaces(places)) {
    const bytes = await read(run.at, run.length);
    for (const { number, at, length } of run.parts) {
      wanted.found.set(number, bytes.subarray(at - run.at, at - run.at + length));
    }
  }
}

type Run = Place & { parts: (Place & { number: number })[] };

/** Bytes that follow each other are read at once. */
function joinPlaces(places: readonly (Place & { number: number })[]): Run[] {
  const runs: Run[] = [];
  for (const place of [...places].sort((a, b) => a.at - b.at || a.length - b.length)) {
    const last = runs.at(-1);
    if (last !== undefined && last.at + last.length === place.at) {
      last.length += place.length;
      last.parts.push(place);
    } else runs.push({ at: place.at, length: place.length, parts: [place] });
  }
  return runs;
}

function damaged(root: Root, why: string): never {
  const message = `outputs of a job that ended lie in the blob ${root}, and ${why}; put it back from a backup of blobs/, or remove the data of the job`;
  throw fault('storage-failed', message);
}
