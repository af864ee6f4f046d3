import { type Instant, instant } from '#protocol/values/units.ts';

/** What passes between two readings beyond this was the process's own stall, or its sleep. */
const STALL_MS = 1_000;
/** How much faster or slower than real time the clock may run to meet the wall clock. */
const SLEW = 1 / 3;

/** The hub's time: what it writes into facts, and what it holds deadlines against. */
export type Clock = () => Instant;

/**
 * A clock that begins at the wall clock and never jumps. A step of the wall clock is made up for
 * little by little. Time that passes unseen does not count against anybody: after a stall or a sleep
 * a device has as long as it had before, and its messages that wait are read meanwhile. It has to be
 * read often: the hub's tick does that.
 */
export function openClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): Clock {
  let [now, readAt] = [wall(), monotonic()];
  return () => {
    const at = monotonic();
    const passed = Math.min(at - readAt, STALL_MS);
    const behind = wall() - now - passed;
    now += passed + Math.max(-passed * SLEW, Math.min(passed * SLEW, behind));
    readAt = at;
    return instant(now);
  };
}
