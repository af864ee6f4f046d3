import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { readFlags, wholeIn } from '#node/flags.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { openWords } from '#protocol/values/seeded.ts';
import { type Cast, openCast } from './cast.ts';
import { findFaults } from './faults.ts';
import { runJob } from './jobs.ts';

const HELP = `npm run soak -- [--kills N] [--seed N]
  Runs jobs in a row on a grid of real processes, and ends its hub, verifier and contributors with
  kill -9 at random moments. Says what was lost, or counted twice.
  --kills N   how many kills (300)
  --seed N    of the moments (1)`;
const FLAGS = {
  kills: v.optional(wholeIn(1, 100_000), '300'),
  seed: v.optional(wholeIn(0, 2 ** 31), '1'),
};
/** From one kill to the next, and from a kill to the start after it. */
const PAUSE_MS = { least: 100, most: 3_000 };
const AWAY_MS = { least: 0, most: 800 };
/** The hub is what most can be lost with. */
const WEIGHTS: Record<string, number> = { hub: 3, verifier: 2 };

async function main(): Promise<number> {
  const flags = readFlags(FLAGS);
  if (flags === 'help') {
    say(HELP);
    return 0;
  }
  const data = await mkdtemp(join(tmpdir(), 'pocketgrid-soak-'));
  const cast = await openCast(data, () => undefined);
  try {
    const { faults, jobs, kills } = await soak(cast, flags.kills, openChance(flags.seed));
    const paid = await cast.money.settle();
    if (paid === undefined) faults.push('nothing was settled after the last job');
    say(`${jobs} jobs, kills: ${kills}, ${faults.length} faults`);
    for (const fault of faults) say(fault);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await cast.close();
    await rm(data, { recursive: true, force: true });
  }
}

async function soak(cast: Cast, count: number, chance: () => number) {
  const ids: JobId[] = [];
  const killing = killAtRandom(cast, count, chance);
  let isOver = false;
  void killing.finally(() => {
    isOver = true;
  });
  do await runJob(cast, (id) => ids.push(id));
  while (!isOver);
  const kills = await killing;
  return { faults: await findFaults(cast.api, ids), jobs: ids.length, kills };
}

/** Says how often each was killed. */
async function killAtRandom(cast: Cast, count: number, chance: () => number): Promise<string> {
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
  return [...kills].map(([name, times]) => `${name} ${times}`).join(', ');
}

/** Numbers in [0, 1) of a seed. */
function openChance(seed: number): () => number {
  const word = openWords(seed);
  return () => word() / 2 ** 32;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main();
