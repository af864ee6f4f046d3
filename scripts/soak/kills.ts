import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from './cast.ts';

/** From one kill to the next, and from a kill to the start after it. */
const PAUSE_MS = { least: 100, most: 3_000 };
const AWAY_MS = { least: 0, most: 800 };
/** The hub is what most can be lost with. */
const WEIGHTS: Record<string, number> = { hub: 3, verifier: 2 };

/** Ends programs with `kill -9` and starts them again. Says how often each was killed. */
export async function killAtRandom(
  cast: Cast,
  count: number,
  chance: () => number,
): Promise<string> {
  const between = ({ least, most }: typeof PAUSE_MS) => least + chance() * (most - least);
  const bag = cast.names.flatMap((name) => Array.from({ length: WEIGHTS[name] ?? 1 }, () => name));
  const kills = new Map<string, number>();
  for (let done = 0; done < count; done += 1) {
    await sleep(between(PAUSE_MS));
    const name = bag[Math.floor(chance() * bag.length)] ?? 'hub';
    kills.set(name, (kills.get(name) ?? 0) + 1);
    cast.kill(name);
    await sleep(between(AWAY_MS));
    void cast.start(name);
  }
  return `kills: ${[...kills].map(([name, times]) => `${name} ${times}`).join(', ')}`;
}
