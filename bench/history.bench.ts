import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openProgram } from './command.ts';
import { type Bench, median } from './figure.ts';

const ANSWER_MS_MAX = 60 * 60_000;

/**
 * What a hub carries of work that ended: bytes and time a shard, and how long a start takes with its
 * snapshot and without. Jobs have ten shards of five units or fewer, all archived at the end.
 */
export const run: Bench = async function* (context) {
  const shards = context.quick ? 50_000 : 1_000_000;
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
  const open = async () => {
    const program = openProgram(['hub/edge/history/open.ts', folder], context);
    return program.hear('opened', ANSWER_MS_MAX);
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

const listOf = (numbers: unknown): number[] => (Array.isArray(numbers) ? numbers.map(Number) : []);
