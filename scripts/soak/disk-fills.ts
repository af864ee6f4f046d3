import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from './cast.ts';
import { readNumbers } from './metrics.ts';
import type { SmallDisk } from './small-disk.ts';

/** From space to none, and from none to some. */
const PAUSE_MS = { least: 500, most: 6_000 };
const FULL_MS = { least: 1_000, most: 3_000 };
/** Each third time the hub is killed while its disk is full, and tries to start there. */
const KILL_EVERY = 3;
/** A hub that has nothing to write feels no full disk: it is filled up to so many times as often. */
const MORE_MAX = 6;

/**
 * Fills the disk of the hub at random moments, so often at least and until the hub has felt it, and
 * frees it. Says how often the hub felt it.
 */
export async function fillAtRandom(
  { cast, disk }: { cast: Cast; disk: SmallDisk },
  count: number,
  chance: () => number,
): Promise<string> {
  const between = ({ least, most }: typeof PAUSE_MS) => least + chance() * (most - least);
  const told = { troubles: 0, kills: 0 };
  let done = 0;
  while (done < count || (told.troubles === 0 && done < MORE_MAX * count)) {
    done += 1;
    await sleep(between(PAUSE_MS));
    await disk.fill();
    await sleep(between(FULL_MS));
    const isFelt = (await readNumbers(cast.hub))?.diskTrouble === 1;
    told.troubles += Number(isFelt);
    if (done % KILL_EVERY === 0) {
      told.kills += 1;
      cast.kill('hub');
      await cast.start('hub');
    }
    await disk.free();
    // It may have ended for want of space.
    if ((await readNumbers(cast.hub)) === undefined) await cast.start('hub');
  }
  if (told.troubles === 0) throw new Error('the hub never felt that its disk was full');
  return `the disk was full ${done} times, felt ${told.troubles} times, kills: hub ${told.kills}`;
}
