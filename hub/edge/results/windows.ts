import { fault, type Result, refuse } from '#protocol/values/refusal.ts';
import type { FailedUnit } from '../../core/state/job.ts';
import { isLost } from '../../core/state/questions.ts';
import type { ShardOutputs, UnitRange } from '../store/port.ts';
import { type ResultRange, unitsOf } from './range.ts';

/** Bytes of units that are in memory at once, beside those of the shards they lie in. */
const WINDOW_BYTES = 1024 * 1024;
/** Units that are looked for at once. */
const SPAN_UNITS = 4_096;

type Shard = Pick<ShardOutputs, 'shard' | 'outputs'>;
/** What there is of the outputs of a job. Where two shards hold a unit, the lower sequence counts. */
export interface UnitSource {
  /** Accepted shards that overlap some units, in order of sequence. */
  shards(units: UnitRange): Promise<readonly Shard[]>;
  /** The same without their bytes. */
  spans(units: UnitRange): Promise<readonly { firstUnit: number; unitCount: number }[]>;
  failed: ReadonlyMap<number, FailedUnit>;
}

/** Units that follow each other, each with its outputs, or none where all of it failed. */
export interface UnitWindow {
  first: number;
  units: (Uint8Array | undefined)[];
}

/** Refuses where a unit of the range has no outputs yet. */
export async function checkWhole(
  { spans, failed }: UnitSource,
  range: ResultRange,
): Promise<Result<never> | undefined> {
  const [from, to] = unitsOf(range);
  let covered: { firstUnit: number; unitCount: number }[] = [];
  for (let first = from; first < to; first += SPAN_UNITS) {
    const end = Math.min(to, first + SPAN_UNITS);
    const beginningAt = first === from ? 0 : first;
    const open = covered.filter(({ firstUnit, unitCount }) => firstUnit + unitCount > first);
    covered = [...open, ...(await spans({ first, end, beginningAt }))];
    const isThere = new Uint8Array(end - first);
    for (const { firstUnit, unitCount } of covered) {
      isThere.fill(1, Math.max(0, firstUnit - first), Math.max(0, firstUnit + unitCount - first));
    }
    for (const [at, there] of isThere.entries()) {
      if (there === 0 && !hasFailed(failed, first + at)) return notYet(first + at, range);
    }
  }
  return undefined;
}

/**
 * Reads the units of a range, some at a time and each once. Throws where one is missing that was
 * there before.
 */
export async function* readWindows(
  { shards, failed }: UnitSource,
  range: ResultRange,
  unitBytes: number,
): AsyncGenerator<UnitWindow> {
  const [from, to] = unitsOf(range);
  const step = Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, unitBytes)));
  let held: Shard[] = [];
  for (let first = from; first < to; first += step) {
    const end = Math.min(to, first + step);
    const beginningAt = first === from ? 0 : first;
    const begun = await shards({ first, end, beginningAt });
    held = [...held.filter(({ shard }) => endOf(shard) > first), ...begun].sort(
      (a, b) => a.shard.sequence - b.shard.sequence,
    );
    const units = new Array<Uint8Array | undefined>(end - first);
    for (const { shard, outputs } of held) {
      const last = Math.min(end, endOf(shard));
      for (let unit = Math.max(first, shard.firstUnit); unit < last; unit += 1) {
        const start = (unit - shard.firstUnit) * unitBytes;
        units[unit - first] ??= outputs.subarray(start, start + unitBytes);
      }
    }
    for (let at = 0; at < units.length; at += 1) {
      if (units[at] !== undefined || hasFailed(failed, first + at)) continue;
      const message = `unit ${first + at} is computed again after a check; ask again once it is done`;
      throw fault('job-state', message);
    }
    yield { first, units };
  }
}

const endOf = ({ firstUnit, unitCount }: Shard['shard']): number => firstUnit + unitCount;

/** Whether no device computes a unit any more. */
export function hasFailed(failed: UnitSource['failed'], unit: number): boolean {
  const known = failed.get(unit);
  return known !== undefined && isLost(known);
}

function notYet(unit: number, { unitItems, items }: ResultRange): Result<never> {
  const first = unit * unitItems;
  const last = Math.min(items, first + unitItems) - 1;
  const message = `items ${first} to ${last} are not computed yet; ask for others, or follow the job's events until it is done`;
  return refuse('job-state', message);
}
