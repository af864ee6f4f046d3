import { isEnded } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import type { KeptBatch } from '#protocol/openai/batch.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { readJob } from '../job-access.ts';
import { beginBatch } from './batch-steps.ts';
import { endBatch } from './end-batch.ts';
import { type BatchPorts, saveBatch } from './ports.ts';

/** Moves batches on. */
export interface BatchKeeper {
  /** There is something to do: a batch was made or cancelled. */
  wake(): void;
  close(): Promise<void>;
}

const LOOK_MS = 1_000;
const SWEEP_MS = 3_600_000;

/** Opens the keeper of a hub's batches: those that were open when it stopped go on. */
export function openBatchKeeper(ports: BatchPorts): BatchKeeper {
  let isClosed = false;
  let round: Promise<void> = Promise.resolve();
  let isDue = true;
  let sweptAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    for (const batch of await ports.store.batches.open()) {
      if (isClosed) return;
      try {
        const next = await step(ports, batch);
        if (next !== batch) await saveBatch(ports, next);
      } catch (error) {
        if (isClosed) return;
        ports.log.warn({ batch: batch.view.id, error: String(error) }, 'a batch waits');
      }
    }
  }
  async function sweep(): Promise<void> {
    if (performance.now() - sweptAt < SWEEP_MS) return;
    sweptAt = performance.now();
    for (const id of await ports.store.files.expired(ports.seconds())) {
      await ports.store.files.remove(id);
    }
  }
  const turn = () => {
    if (!isDue || isClosed) return;
    isDue = false;
    round = round
      .then(sweep)
      .then(look)
      .catch((error: unknown) => {
        if (!isClosed) ports.log.warn({ error: String(error) }, 'batches wait');
      });
    // One round at a time.
    void round.then(() => {
      isDue = true;
    });
  };
  const timer = setInterval(turn, LOOK_MS).unref();
  turn();
  return {
    wake: turn,
    async close() {
      isClosed = true;
      clearInterval(timer);
      await round;
    },
  };
}

/** What becomes of a batch now; the same object where nothing does. */
async function step(ports: BatchPorts, batch: KeptBatch): Promise<KeptBatch> {
  const { view, parts } = batch;
  const jobs = parts.flatMap(({ job }) => job ?? []);
  if (view.status === 'validating') {
    // A hub that stopped here begins again: what it had posted is not answered.
    await cancelAll(ports, jobs);
    const key = await findKey(ports, batch);
    if (key !== undefined) return beginBatch(ports, { ...batch, parts: [] }, key);
    return { ...batch, view: { ...view, status: 'cancelled', cancelled_at: ports.seconds() } };
  }
  const isLate = view.expires_at !== null && ports.seconds() >= view.expires_at;
  const end = view.status === 'cancelling' ? 'cancelled' : isLate ? 'expired' : 'completed';
  if (end !== 'completed') await cancelAll(ports, jobs);
  if (!(await haveEnded(ports, jobs))) return batch;
  if (view.status === 'in_progress') {
    return {
      ...batch,
      view: { ...view, status: 'finalizing', finalizing_at: ports.seconds() },
    };
  }
  return endBatch(ports, batch, end);
}

/** The key of a batch, where it may still post jobs. */
async function findKey(
  { store, clock }: BatchPorts,
  batch: KeptBatch,
): Promise<KeyView | undefined> {
  const key = (await store.keys.list()).find(({ id }) => id === batch.owner);
  const { revokedAt, expiresAt = Number.POSITIVE_INFINITY } = key ?? {};
  return revokedAt === undefined && expiresAt > clock() ? key : undefined;
}

async function haveEnded(ports: BatchPorts, jobs: readonly JobId[]): Promise<boolean> {
  for (const id of jobs) {
    const job = await readJob(ports, id);
    if (job !== undefined && !isEnded(job.state)) return false;
  }
  return true;
}

async function cancelAll({ hub, loop }: BatchPorts, jobs: readonly JobId[]): Promise<void> {
  for (const job of jobs) {
    const state = hub.jobs.get(job)?.state;
    if (state !== undefined && !isEnded(state)) await loop.command({ type: 'cancel', job });
  }
}
