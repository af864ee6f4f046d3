import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { JobId } from '#protocol/values/ids.ts';
import { lamports } from '#protocol/values/units.ts';
import {
  commit,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  reveal,
  SIGNED,
  speak,
  VERIFIER,
  verdictOn,
} from '../../core/fake-world.ts';
import { openCommitmentLog } from '../log/commitment-log.ts';
import type { Store } from '../store/port.ts';
import { openSnapshots } from '../store/snapshots.ts';
import { openFileStore } from '../store/store.ts';
import { asInLife } from './as-in-life.ts';

/** Of each job; a unit is long enough to be a shard. */
const UNITS = 500;
const UNIT_MS = 5_000;
/** Shards between two marks of the verifier, and between two of its verdicts. */
const [MARK_EVERY, VERDICT_EVERY] = [10, 25];
/** Jobs that are timed at each end. */
const TIMED = 20;
const [JOB_MS, TEN_MINUTES, BEAT_MS] = [60_000, 600_000, 10_000];
const [VERIFIER_SOCKET, PHONE_SOCKET] = [1, 2];

/**
 * `fill.ts FOLDER SHARDS`: the real core, log and store of a hub, with one phone that delivers and a
 * verifier that judges, on a clock of their own. Prints one JSON line.
 */
async function main([folder = '', shards = '0']: readonly string[]): Promise<void> {
  const store = await openFileStore(join(folder, 'hub.db'));
  const log = await openCommitmentLog({ store, sign: () => SIGNED, now: Date.now });
  const bench = openBench({ needsVerifier: true });
  bench.join(VERIFIER_SOCKET, VERIFIER, 'verifier');
  await store.append(bench.facts.splice(0));
  const took: number[] = [];
  let rest = { bytes: 0, shards: 0 };
  for (let number = 1; bench.hub().nextSequence < Number(shards); number += 1) {
    const [started, before] = [process.cpuUsage(), bench.hub().nextSequence];
    runJob(bench, `job_${number.toString(16).padStart(16, '0')}` as JobId);
    const { user, system } = process.cpuUsage(started);
    took.push((user + system) / 1_000 / (bench.hub().nextSequence - before));
    await write(bench, log, store);
    if (number === TIMED) {
      rest = { bytes: await restBytes(bench, log, store), shards: bench.hub().nextSequence };
    }
  }
  const after = await restBytes(bench, log, store);
  const hub = bench.hub();
  const snapshots = openSnapshots(join(folder, 'hub.snapshot'), store);
  await snapshots.keep(hub, log.tree, 'always');
  await store.close();
  const found = {
    filled: true,
    shards: hub.nextSequence,
    jobs: took.length,
    jobsInMemory: hub.jobs.size,
    bytesPerShard: (after - rest.bytes) / (hub.nextSequence - rest.shards),
    msFirst: took.slice(TIMED / 2, TIMED),
    msLast: took.slice(-TIMED / 2),
  };
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

type Bench = ReturnType<typeof openBench>;
type Log = Awaited<ReturnType<typeof openCommitmentLog>>;

async function write(bench: Bench, log: Log, store: Store): Promise<void> {
  const facts = asInLife(bench.facts.splice(0));
  await store.append(facts);
  log.add(facts);
}

/** A job from its post to its end. */
function runJob(bench: Bench, id: JobId): void {
  const free = { id, unitPrice: lamports(0n) };
  postJob(bench, UNITS, free);
  prepareJob(bench, free);
  bench.post({ type: 'command', request: 2, command: { type: 'start', job: id } });
  if (!bench.hub().devices.has(PHONE)) {
    joinWorker(bench, PHONE_SOCKET, { key: PHONE, unitMs: UNIT_MS });
  }
  for (let shard = 1; ; shard += 1) {
    const lease = bench.last(PHONE_SOCKET, 'lease')?.lease;
    if (lease === undefined) break;
    const on = { id: lease.id, units: lease.unitCount, unitMs: UNIT_MS };
    commit(bench, PHONE_SOCKET, { ...on, key: PHONE });
    reveal(bench, PHONE_SOCKET, on);
    if (shard % VERDICT_EVERY === 0) speak(bench, VERIFIER_SOCKET, verdictOn(bench, 'match'));
    if (shard % MARK_EVERY === 0) markAll(bench);
    bench.sent.clear();
    bench.say(PHONE_SOCKET, { type: 'request' });
  }
  markAll(bench);
  pass(bench, JOB_MS);
}

/** The verifier says that it judged all there is. */
const markAll = (bench: Bench): void =>
  bench.say(VERIFIER_SOCKET, { type: 'judged', through: bench.hub().nextSequence - 1 });

/** Time passes, and both say that they are there. */
function pass(bench: Bench, ms: number): void {
  for (let passed = 0; passed < ms; passed += BEAT_MS) {
    for (const socket of [VERIFIER_SOCKET, PHONE_SOCKET]) bench.say(socket, { type: 'beat' });
    bench.wait(BEAT_MS);
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use when every job that ended is archived. */
async function restBytes(bench: Bench, log: Log, store: Store): Promise<number> {
  pass(bench, TEN_MINUTES + BEAT_MS);
  await write(bench, log, store);
  bench.sent.clear();
  bench.replies.splice(0);
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

await main(process.argv.slice(2));
