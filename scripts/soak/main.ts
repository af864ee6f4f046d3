import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { readFlags, wholeIn } from '#node/flags.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { openWords } from '#protocol/values/seeded.ts';
import { type Cast, openCast } from './cast.ts';
import { fillAtRandom } from './disk-fills.ts';
import { findFaults } from './faults.ts';
import { runJob } from './jobs.ts';
import { killAtRandom } from './kills.ts';
import { findLapses, type Lines, sleepHub } from './sleeps.ts';
import { openSmallDisk } from './small-disk.ts';

const HELP = `npm run soak -- [--kills N | --sleep-seconds N | --disk-fills N] [--seed N]
  Runs paid jobs in a row on a grid of real processes and puts trouble in their way. Says what was
  lost, or counted twice.
  --kills N          ends hub, verifier and contributors with kill -9, so many times (300)
  --sleep-seconds N  stops the hub's process for so long while a lease is out, and lets it go on
  --disk-fills N     fills the hub's disk so many times, a small tmpfs, and frees it again; root only
  --seed N           of the moments (1)`;
const FLAGS = {
  kills: v.optional(wholeIn(1, 100_000), '300'),
  'sleep-seconds': v.exactOptional(wholeIn(1, 3_600)),
  'disk-fills': v.exactOptional(wholeIn(1, 10_000)),
  seed: v.optional(wholeIn(0, 2 ** 31), '1'),
};
/** Uploads leave 128 MiB of it to the database. */
const DISK_MEBIBYTES = 256;

async function main(): Promise<number> {
  const flags = readFlags(FLAGS);
  if (flags === 'help') {
    say(HELP);
    return 0;
  }
  const data = await mkdtemp(join(tmpdir(), 'pocketgrid-soak-'));
  const chance = openChance(flags.seed);
  const { 'sleep-seconds': seconds, 'disk-fills': fills } = flags;
  try {
    if (seconds !== undefined) return await soakAsleep(data, seconds);
    if (fills !== undefined) return await soakFull(data, fills, chance);
    return await soak(await openCast({ data }), (cast) => killAtRandom(cast, flags.kills, chance));
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function soakAsleep(data: string, seconds: number): Promise<number> {
  const lines: Lines = new Map();
  const hear = (name: string, line: string) => {
    lines.set(name, [...(lines.get(name) ?? []), line]);
  };
  const trouble = (cast: Cast) => sleepHub(cast, seconds, lines);
  // Money waits for the hub's clock, which makes up for a sleep by a third of the time that passes.
  const patienceMs = 3 * seconds * 1_000;
  const findMore = ({ hub }: Cast) => findLapses(hub);
  return soak(await openCast({ data, hear }), trouble, { findMore, patienceMs });
}

async function soakFull(data: string, fills: number, chance: () => number): Promise<number> {
  const hubData = join(data, 'small');
  await mkdir(hubData);
  const disk = await openSmallDisk(hubData, DISK_MEBIBYTES);
  if (typeof disk === 'string') {
    say(`skipped: ${disk}`);
    return 0;
  }
  try {
    const trouble = (cast: Cast) => fillAtRandom({ cast, disk }, fills, chance);
    return await soak(await openCast({ data, hubData }), trouble);
  } finally {
    disk.close();
  }
}

/** Runs jobs until the trouble is over, then looks for faults, and closes the cast. */
async function soak(
  cast: Cast,
  trouble: (cast: Cast) => Promise<string>,
  more: { findMore?(cast: Cast): Promise<string[]>; patienceMs?: number } = {},
): Promise<number> {
  const { findMore = async () => [], patienceMs = 0 } = more;
  try {
    const ids: JobId[] = [];
    let isOver = false;
    const told = trouble(cast).finally(() => {
      isOver = true;
    });
    // It is waited for below; until then it is no unhandled rejection.
    told.catch(() => undefined);
    do await runJob(cast, (id) => ids.push(id));
    while (!isOver);
    const sentence = await told;
    const faults = [...(await findFaults(cast.api, ids)), ...(await findMore(cast))];
    if (!(await isSettled(cast, patienceMs))) faults.push('nothing was settled after the last job');
    say(`${ids.length} jobs, ${sentence}, ${faults.length} faults`);
    for (const fault of faults) say(fault);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await cast.close();
  }
}

/** Whether something is settled that was not paid yet: asked once, and again while patience lasts. */
async function isSettled({ money }: Cast, patienceMs: number): Promise<boolean> {
  for (const until = Date.now() + patienceMs; ; ) {
    if ((await money.settle()) !== undefined) return true;
    if (Date.now() >= until) return false;
  }
}

/** Numbers in [0, 1) of a seed. */
function openChance(seed: number): () => number {
  const word = openWords(seed);
  return () => word() / 2 ** 32;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

// What it has started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main();
