import { randomBytes } from 'node:crypto';
import type { JobState } from '#protocol/api/job.ts';
import type { DeliveredEvent, WebhookEvent, WebhookView } from '#protocol/api/webhooks.ts';
import type { BatchStatus, KeptBatch } from '#protocol/openai/batch.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { type Instant, instant } from '#protocol/values/units.ts';
import type { Job } from '../../../core/hub.ts';
import type { Happened, JobMove, NewDelivery } from '../../store/webhooks/events.ts';
import type { KeptWebhook } from '../../store/webhooks/hooks.ts';

/** Something that webhooks of a key may ask for. */
export interface Occurrence {
  owner: DeveloperId;
  event: WebhookEvent;
  at: Instant;
  data: object;
}

const OF_STATE: { [state in JobState]?: WebhookEvent } = {
  quoted: 'job.quoted',
  running: 'job.started',
  done: 'job.done',
  refused: 'job.failed',
  cancelled: 'job.cancelled',
};

const OF_STATUS: { [status in BatchStatus]?: WebhookEvent } = {
  completed: 'batch.completed',
  failed: 'batch.failed',
  expired: 'batch.expired',
  cancelled: 'batch.cancelled',
};

/** What moves of jobs and ends of batches come to. `find` gives a job, in memory or archived. */
export async function listOccurrences(
  { moves, ended }: Pick<Happened, 'moves' | 'ended'>,
  find: (job: JobMove['job']) => Promise<Job | undefined>,
): Promise<Occurrence[]> {
  const found: Occurrence[] = [];
  for (const move of moves) {
    const event = OF_STATE[move.state];
    const job = event === undefined ? undefined : await find(move.job);
    if (event === undefined || job === undefined) continue;
    // A job whose units are computed again runs again, and was started once.
    if (event === 'job.started' && job.startedAt !== move.at) continue;
    found.push({ owner: move.owner, event, at: move.at, data: describeJob(job, move) });
  }
  return [...found, ...ended.flatMap(occurrenceOf)];
}

/** What is said of a job; all else of it is asked for by its id. */
const describeJob = (job: Job, { state }: JobMove) => ({
  ...{ id: job.record.id, name: job.record.name, state },
  ...{ items: job.record.items, units: job.record.units },
  ...{ accepted: job.acceptedUnits, failed: job.failedItems },
  ...(job.refusal === undefined ? {} : { refusal: withoutFiles(job.refusal) }),
});

/** A hundred bad files would make a long message. */
const withoutFiles = ({ files: _, ...rest }: Refusal): Refusal => rest;

function occurrenceOf({ view, owner }: KeptBatch): Occurrence[] {
  const event = OF_STATUS[view.status];
  if (event === undefined) return [];
  const { id, status, request_counts, output_file_id, error_file_id } = view;
  const dates = [view.completed_at, view.failed_at, view.expired_at, view.cancelled_at];
  const [at = 0] = dates.flatMap((date) => date ?? []);
  const data = { id, status, request_counts, output_file_id, error_file_id };
  return [{ owner, event, at: instant(at * 1_000), data }];
}

/** The deliveries that webhooks asked for. */
export const addressDeliveries = (
  occurrences: readonly Occurrence[],
  webhooks: readonly KeptWebhook[],
): NewDelivery[] =>
  occurrences.flatMap(({ owner, event, at, data }) =>
    webhooks
      .filter(({ view }) => view.owner === owner && view.events.includes(event))
      .filter(({ view }) => view.goneAt === undefined && isSince(view, at))
      .map(({ view }) => makeDelivery(view.id, event, { at, data })),
  );

/** Batches know their times in whole seconds. */
const isSince = ({ createdAt }: WebhookView, at: Instant): boolean => at > createdAt - 1_000;

/** An event as it is sent: its type, its time and what is said of it. */
export const makeDelivery = (
  webhook: string,
  event: DeliveredEvent,
  { at, data }: { at: Instant; data: object },
): NewDelivery => ({
  id: `msg_${randomBytes(16).toString('hex')}`,
  ...{ webhook, event, at },
  body: JSON.stringify({ type: event, timestamp: new Date(at).toISOString(), data }),
});
