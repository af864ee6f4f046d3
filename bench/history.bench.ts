import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openProgram } from './command.ts';
import { type Bench, median } from './figure.ts';

const ANSWER_MS_MAX = 180 * 60_000;

/** Shards that are written: `POCKETGRID_HISTORY_SHARDS` of them, or these. */
const SHARDS = { quick: 50_000, whole: 1_000_000 };

/**
 * What a hub carries of work that ended: bytes of memory and disk and time a shard, and how long a
 * start takes with its snapshot and without. Jobs have 500 shards of one unit, all archived at the
 * end; a verifier gives its verdict on every 25th.
 */
export const run: Bench = async function* (context) {
  const asked = Number(process.env['POCKETGRID_HISTORY_SHARDS']);
  const shards = asked || SHARDS[context.quick ? 'quick' : 'whole'];
  const folder = join(context.folder, 'history');
  const filler = openProgram(['hub/edge/history/fill.ts', folder, `${shards}`], context);
  const found = await filler.hear('filled', ANSWER_MS_MAX);
  const detail = { shards: Number(found['shards']), jobs: Number(found['jobs']) };
  yield {
    figure: 'bytes-per-ended-shard',
    value: Number(found['bytesPerShard']),
    unit: 'bytes',
    baseline: 16,
    detail,
  };
  const [msFirst, msLast] = [median(listOf(found['msFirst'])), median(listOf(found['msLast']))];
  yield {
    figure: 'ms-per-shard-ratio',
    value: msLast / msFirst,
    unit: 'ratio',
    baseline: 1.1,
    detail: { ...detail, msFirst, msLast },
  };
  const scales = openProgram(['hub/edge/history/weigh.ts', folder], context);
  const { tables } = (await scales.hear('weighed', ANSWER_MS_MAX)) as { tables: Sizes };
  const { output: _, ...kept } = tables;
  yield {
    figure: 'disk-bytes-per-shard',
    value: Object.values(kept).reduce((sum, bytes) => sum + bytes, 0) / detail.shards,
    unit: 'bytes',
    baseline: 380,
    detail: perShard(tables, detail.shards),
  };
  const open = async () => {
    const program = openProgram(['hub/edge/history/open.ts', folder], context);
    const opened = await program.hear('opened', ANSWER_MS_MAX);
    // While it closes it may write a snapshot.
    await program.kill('SIGKILL');
    return opened;
  };
  for (const snapshot of [true, false]) {
    if (!snapshot) await rm(join(folder, 'hub.snapshot'));
    const { seconds, mebibytes } = await open();
    yield {
      figure: `restart-seconds-${shards}${snapshot ? '' : '-no-snapshot'}`,
      value: Number(seconds),
      unit: 's',
      ...(snapshot ? { baseline: 3 } : {}),
      detail: { ...detail, residentMebibytes: Number(mebibytes) },
    };
  }
};

/** Bytes of tables and indexes by their names. */
type Sizes = Readonly<Record<string, number>>;

/** Those of half a byte a shard or more, a shard. */
const perShard = (sizes: Sizes, shards: number): Sizes =>
  Object.fromEntries(
    Object.entries(sizes).flatMap(([name, bytes]) => {
      return bytes < shards / 2 ? [] : [[name, Number((bytes / shards).toFixed(1))]];
    }),
  );

const listOf = (numbers: unknown): number[] => (Array.isArray(numbers) ? numbers.map(Number) : []);
