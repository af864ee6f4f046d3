import type { Digest } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { after, between, type Instant, type Millis, millis } from '#protocol/values/units.ts';

/** Speed over so long is told from chance. */
const WINDOW_MS = 30_000;
/** Of which it must have computed so long: shorter windows jump. */
const COMPUTED_MS_MIN = 3_000;
const COOL_MS = { first: 60_000, most: 600_000 } as const;
/** So many pauses in a row that cool nothing: it is as fast as it gets, for another reason. */
const FRUITLESS_MAX = 4;

/** How fast a device was, and whether it cools down. */
export interface Heat {
  /** What computed, of which package: speeds of others say nothing of it. */
  of?: string;
  /** Units a millisecond when it was fastest: its own cool baseline. */
  cool?: number;
  recent: { at: Instant; units: number; ms: number }[];
  coolsUntil?: Instant;
  /** Pauses since it was last as fast as when cool. */
  pauses: number;
  /** Percent by which it had become slower at the last pause. */
  slower: number;
}

/** A package, and what computes it: another provider or fewer threads have a speed of their own. */
interface SpeedOf {
  package: Digest;
  provider: Provider;
  threads: number;
}

/** Heat of a device that has not computed. */
export const openHeat = (): Heat => ({ recent: [], pauses: 0, slower: 0 });

/**
 * Notes a shard's speed. Where the device has become slower than it was when cool by more than
 * `slowdownMax` percent, it is to cool for a minute, and longer each time that did not help.
 */
export function noteSpeed(
  heat: Heat,
  run: SpeedOf & { units: number; ms: Millis; at: Instant },
  slowdownMax: number,
): void {
  const of = `${run.package} ${run.provider} ${run.threads}`;
  if (heat.of !== of) {
    heat.of = of;
    heat.recent = [];
    delete heat.cool;
  }
  heat.recent.push({ at: run.at, units: run.units, ms: run.ms });
  heat.recent = heat.recent.filter(({ at }) => between(at, run.at) <= WINDOW_MS);
  const ms = heat.recent.reduce((sum, each) => sum + each.ms, 0);
  if (ms < COMPUTED_MS_MIN || heat.recent.length < 2) return;
  const speed = heat.recent.reduce((sum, each) => sum + each.units, 0) / ms;
  heat.cool = Math.max(heat.cool ?? 0, speed);
  const slower = 100 * (1 - speed / heat.cool);
  if (slower <= slowdownMax) {
    if (slower <= slowdownMax / 2) heat.pauses = 0;
    return;
  }
  heat.recent = [];
  if (heat.pauses >= FRUITLESS_MAX) {
    heat.cool = speed;
    heat.pauses = 0;
    return;
  }
  heat.slower = Math.round(slower);
  const pauseMs = Math.min(COOL_MS.most, COOL_MS.first * 2 ** heat.pauses);
  heat.coolsUntil = after(run.at, millis(pauseMs));
  heat.pauses += 1;
}
