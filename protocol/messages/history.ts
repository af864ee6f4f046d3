import type { JobAbout } from '../api/about.ts';
import type { VerdictKind } from '../records/records.ts';
import type { Address } from '../settlement/money-api.ts';
import type { JobId } from '../values/ids.ts';
import type { Provider } from '../values/provider.ts';
import type { Reason } from '../values/reason.ts';
import type { Bytes, Instant, Lamports, Millis } from '../values/units.ts';

/** Something that a device did, for the person it belongs to: it is kept on the device alone. */
export type HistoryNote =
  | { what: 'started'; at: Instant }
  | { what: 'stopped'; at: Instant }
  | { what: 'paused'; at: Instant; reason: Reason }
  | { what: 'resumed'; at: Instant }
  | {
      what: 'accepted';
      at: Instant;
      /** Its local day, counted from 1970, and what it has sent and received in it. */
      day: number;
      bytesToday: Bytes;
      job: JobId;
      about?: JobAbout;
      model: string;
      units: number;
      computeMs: Millis;
      provider: Provider;
      threads: number;
    }
  /** Pay was sent to an address, by a claim of this page. */
  | { what: 'claimed'; at: Instant; amount: Lamports; recipient: Address }
  | { what: 'verdict'; at: Instant; job: JobId; unit: number; kind: VerdictKind };

/** What a device did in one local day. */
export interface HistoryDay {
  day: number;
  shards: number;
  units: number;
  bytes: Bytes;
  /** Time at work: on the processor, each of its threads by itself, and on a GPU or NPU. */
  threadMs: Millis;
  acceleratorMs: Millis;
}

/** All that is kept: every day, and the newest notes, the newest first. */
export interface DeviceHistory {
  days: readonly HistoryDay[];
  notes: readonly HistoryNote[];
}

/** So many notes are kept. */
export const NOTES_KEPT = 500;

/** Adds an accepted shard to its day. */
export function addToDay(
  before: HistoryDay | undefined,
  note: Extract<HistoryNote, { what: 'accepted' }>,
): HistoryDay {
  const { day, units, bytesToday, computeMs, provider, threads } = note;
  const isProcessor = provider === 'wasm';
  const millis = (value: number) => value as Millis;
  return {
    day,
    shards: (before?.shards ?? 0) + 1,
    units: (before?.units ?? 0) + units,
    bytes: Math.max(before?.bytes ?? 0, bytesToday) as Bytes,
    threadMs: millis((before?.threadMs ?? 0) + (isProcessor ? computeMs * threads : 0)),
    acceleratorMs: millis((before?.acceleratorMs ?? 0) + (isProcessor ? 0 : computeMs)),
  };
}
