import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openDeadline } from '#client/deadline.ts';
import { isEnded } from '#protocol/api/job.ts';
import type { DeliveryAttempt } from '#protocol/api/webhooks.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must, PocketgridError } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import { type Job, viewJob } from '../../../core/hub.ts';
import { encodeResults } from '../../results/encode.ts';
import { RESULT_TYPES } from '../../results/range.ts';
import type { KeptExport } from '../../store/exports.ts';
import { readJob } from '../job-access.ts';
import { openResults } from '../result-source.ts';
import type { ApiPorts } from '../route.ts';
import { callTarget } from '../webhooks/call-target.ts';
import { nextOf } from '../webhooks/retries.ts';
import { findTarget } from '../webhooks/targets.ts';

const LOOK_MS = 1_000;
/** As many as jobs may be open. */
const DUE_MAX = 1_000;
/** So many leave at once: one that is slow holds no other up. */
const EXPORTS_AT_ONCE = 4;
/** A file of results over a slow line. */
const ATTEMPT_MS_MAX = 600_000;
const ERROR_LENGTH_MAX = 200;

type Ports = Pick<
  ApiPorts,
  'hub' | 'store' | 'blobs' | 'threads' | 'uploads' | 'targets' | 'clock' | 'log'
>;

/**
 * Puts the results of jobs that are done where their posters want them, some at a time, and tries
 * again what fails as webhooks do. Gives what ends it.
 */
export function openExportKeeper(ports: Ports): () => Promise<void> {
  const closing = new AbortController();
  const stopping = closing.signal;
  const warn = (error: unknown) => {
    if (!stopping.aborted) ports.log.warn({ error: String(error) }, 'exports wait');
  };
  const underWay = new Map<JobId, Promise<void>>();
  const look = async () => {
    for (const kept of await ports.store.exports.due(ports.clock(), DUE_MAX)) {
      if (stopping.aborted || underWay.size >= EXPORTS_AT_ONCE) return;
      const of = underWay.has(kept.job) ? undefined : await readJob(ports, kept.job);
      if (of === undefined || !isEnded(of.state)) continue;
      const done = exportJob(ports, { ...kept, of }, stopping).catch(warn);
      underWay.set(
        kept.job,
        done.finally(() => underWay.delete(kept.job)),
      );
    }
  };
  let round: Promise<void> | undefined;
  const turn = () => {
    round ??= look()
      .catch(warn)
      .finally(() => {
        round = undefined;
      });
  };
  const timer = setInterval(turn, LOOK_MS).unref();
  return async () => {
    clearInterval(timer);
    closing.abort();
    await round;
    await Promise.all(underWay.values());
  };
}

type ReadExport = KeptExport & { of: Job };

async function exportJob(ports: Ports, kept: ReadExport, stopping: AbortSignal): Promise<void> {
  const { store, clock } = ports;
  const { job, of, attempts } = kept;
  const at = clock();
  if (of.state !== 'done' || of.removedAt !== undefined) {
    const error = 'the job ended without results, or they were removed';
    return store.exports.attempted(job, { at, ms: millis(0), error }, { state: 'failed' });
  }
  const attempt = { at, ...(await attemptExport(ports, kept, stopping)) };
  // It was cut off by the hub's own end.
  if (stopping.aborted && attempt.status === undefined) return;
  await store.exports.attempted(job, attempt, nextOf({ event: 'job.done', attempts }, attempt));
}

async function attemptExport(
  ports: Ports,
  { url, of }: ReadExport,
  stopping: AbortSignal,
): Promise<Omit<DeliveryAttempt, 'at'>> {
  const begun = performance.now();
  const deadline = openDeadline(ATTEMPT_MS_MAX, stopping);
  const folder = join(ports.uploads.folder, randomBytes(8).toString('hex'));
  const ended = (how: { status: number } | { error: string }) => {
    return { ms: millis(Math.round(performance.now() - begun)), ...how };
  };
  try {
    await mkdir(folder);
    // Storages want to know the length before the first byte.
    const path = join(folder, 'results.jsonl');
    await writeResults(ports, of, path);
    const target = must(await findTarget(new URL(url), ports.targets));
    const headers = {
      'Content-Type': RESULT_TYPES.jsonl,
      'Content-Length': (await stat(path)).size,
    };
    const body = createReadStream(path);
    const { signal } = deadline;
    const answer = await callTarget(target, { method: 'PUT', headers, body, signal });
    answer.destroy();
    return ended({ status: answer.statusCode ?? 0 });
  } catch (error) {
    const text = error instanceof Error ? error.message || error.name : String(error);
    return ended({ error: text.slice(0, ERROR_LENGTH_MAX) });
  } finally {
    deadline.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeResults(ports: Ports, job: Job, path: string): Promise<void> {
  const view = viewJob(ports.hub, job);
  const { items, unitItems, outputs } = view;
  const range = { from: 0, to: items, items, unitItems, format: 'jsonl' } as const;
  const { chunks } = must(await encodeResults(outputs, await openResults(ports, job), range));
  const file = await open(path, 'w');
  try {
    for await (const chunk of chunks) {
      const full = await ports.uploads.space.take(chunk.length);
      if (full !== undefined) throw new PocketgridError(full);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
}
