import { PUZZLE_BITS_MAX } from '#protocol/bytes/puzzle.ts';
import { between, type Instant } from '#protocol/values/units.ts';
import type { Hub } from '../state/hub.ts';

/** What the hub welcomes all the time; each hello costs it a signature and some memory. */
const HELLOS_PER_SECOND = 500;
/** So many more come at once without a puzzle, such as all devices of a grid after a restart. */
const QUIET_HELLOS = 5_000;
/** The first puzzle, and how many more hellos add a bit: twice the work. */
const FIRST_BITS = 8;
const HELLOS_PER_BIT = 1_000;

/** Counts a socket that will say hello; gives the zero bits of its puzzle, 0 in quiet. */
export function drawPuzzle(hub: Hub, now: Instant): number {
  const { greeting } = hub;
  const drained = (between(greeting.at, now) / 1_000) * HELLOS_PER_SECOND;
  greeting.waiting = Math.max(0, greeting.waiting - drained) + 1;
  greeting.at = now;
  const over = greeting.waiting - QUIET_HELLOS;
  if (over <= 0) return 0;
  return Math.min(PUZZLE_BITS_MAX, FIRST_BITS + Math.floor(over / HELLOS_PER_BIT));
}
