import type { CarePolicy, DeviceSignals } from '#protocol/messages/care.ts';
import { after, type Bytes, bytes, type Instant, instant, millis } from '#protocol/values/units.ts';
import { type Heat, noteSpeed, openHeat } from './heat.ts';
import { type Hold, judgeCare } from './judge.ts';
import { localTime } from './local-time.ts';

/** What a device sent and received in a local day, counted from 1970. */
export interface DayBook {
  day: number;
  bytes: Bytes;
}

/** How a device looks after itself: what its person wants, what it says, and what came of both. */
export interface Care {
  policy: CarePolicy;
  signals: DeviceSignals;
  startedAt: Instant;
  heat: Heat;
  today: DayBook;
  /** Why it does not work now. */
  hold?: Hold;
  /** No shard begins before then, so that it computes no more of the time than it may. */
  restsUntil: Instant;
}

/** Care of a device that has not started. */
export const openCare = (
  policy: CarePolicy,
  { signals, today }: { signals: DeviceSignals; today?: DayBook | undefined },
): Care => ({
  policy,
  signals,
  startedAt: instant(0),
  heat: openHeat(),
  today: today ?? { day: 0, bytes: bytes(0) },
  restsUntil: instant(0),
});

/** Looks again whether the device may work. */
export function lookAgain(care: Care, now: Instant): void {
  const { policy, signals, startedAt, heat, hold } = care;
  const bytesToday = todayOf(care, now).bytes;
  const wasLow = hold?.reason.code === 'charge-low';
  const found = judgeCare(policy, signals, { now, startedAt, heat, bytesToday, wasLow });
  if (found === undefined) delete care.hold;
  else care.hold = found;
}

/** Counts bytes that were sent or received. */
export function noteTraffic(care: Care, count: number, now: Instant): void {
  const today = todayOf(care, now);
  care.today = { ...today, bytes: bytes(today.bytes + count) };
}

function todayOf({ today, signals }: Care, now: Instant): DayBook {
  const { day } = localTime(now, signals.utcOffset);
  return today.day === day ? today : { day, bytes: bytes(0) };
}

/** Notes a shard that was computed: its speed, and the rest that is due after it. */
export function noteRun(care: Care, run: Parameters<typeof noteSpeed>[1]): void {
  const { heat, policy } = care;
  noteSpeed(heat, run, policy.slowdownMax);
  const restMs = (run.ms * (100 - policy.duty)) / policy.duty;
  care.restsUntil = after(run.at, millis(restMs));
}
