import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { between, type Instant } from '#protocol/values/units.ts';
import { type Hub, viewWork } from '../../core/hub.ts';
import { viewNewcomers } from '../../core/trust/newcomers.ts';
import type { Store } from '../store/port.ts';
import type { Clock } from './clock.ts';
import type { HubMetrics } from './metrics.ts';
import type { WriteWatch } from './write-watch.ts';

const LAG_STEP_MS = 20;

/** What the gauges are read from when somebody scrapes. */
export interface GaugeSources {
  hub: Hub;
  /** The data folder: its disk is looked at. */
  data: string;
  store: {
    batches: Pick<Store['batches'], 'open'>;
    webhooks: Pick<Store['webhooks'], 'queue'>;
  };
  writes: WriteWatch;
  clock: Clock;
}

/** What an operator is woken for: the disk, the loop, jobs, checks, newcomers. */
export function addGauges(metrics: HubMetrics, sources: GaugeSources): () => void {
  addWorkGauges(metrics, sources);
  addCheckGauges(metrics, sources);
  addDeviceGauges(metrics, sources);
  addWebhookGauges(metrics, sources);
  addDiskGauges(metrics, sources);
  return addLoopGauge(metrics);
}

function addLoopGauge({ addGauge: add }: HubMetrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: LAG_STEP_MS });
  delay.enable();
  add('event_loop_lag_seconds', 'The longest stall of the event loop since the last scrape', () => {
    // What it measures holds its own step.
    const stall = Math.max(0, delay.max / 1e9 - LAG_STEP_MS / 1000);
    delay.reset();
    return stall;
  });
  return () => delay.disable();
}

function addDiskGauges({ addGauge: add }: HubMetrics, { data, writes }: GaugeSources): void {
  add('disk_free_bytes', 'Free for the hub on the disk of its data folder', async () => {
    const { bavail, bsize } = await statfs(data);
    return bavail * bsize;
  });
  add('disk_size_bytes', 'Size of that disk', async () => {
    const { blocks, bsize } = await statfs(data);
    return blocks * bsize;
  });
  add('database_bytes', 'Size of hub.db and of what is written beside it', async () => {
    const files = ['hub.db', 'hub.db-wal'].map((name) =>
      stat(join(data, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(files)).reduce((sum, size) => sum + size, 0);
  });
  add('write_wait_seconds', 'How long facts have waited without any coming to disk', () => {
    return writes.waitingMs() / 1000;
  });
}

function addWorkGauges(
  { addGauge: add, addGauges: addEach }: HubMetrics,
  { hub, store, clock }: GaugeSources,
): void {
  const jobs = 'Jobs in memory by state: those that go on, or ended a short time ago';
  addEach('jobs', jobs, { label: 'state', read: () => viewWork(hub, clock()).jobs });
  const ages =
    'Age of the oldest open job of a state, since it was posted, or started where it was';
  addEach('job_age_seconds', ages, { label: 'state', read: () => ageJobs(hub, clock()) });
  add('leases_open', 'Shards that devices hold', () => hub.leases.size);
  add('exams_open', 'Units that failed twice, which verifiers look into', () => hub.exams.size);
  add('batch_age_seconds', 'Age of the oldest batch that has not ended', async () => {
    const [oldest] = await store.batches.open();
    return oldest === undefined ? 0 : Math.max(0, clock() / 1000 - oldest.view.created_at);
  });
}

function addWebhookGauges({ addGauge: add }: HubMetrics, { store, clock }: GaugeSources): void {
  add('deliveries_waiting', 'Events on their way to webhooks', async () => {
    return (await store.webhooks.queue()).waiting;
  });
  add('delivery_age_seconds', 'Age of the oldest of them', async () => {
    const { since } = await store.webhooks.queue();
    return since === undefined ? 0 : between(since, clock()) / 1000;
  });
}

function ageJobs({ openJobs }: Hub, now: Instant): Record<string, number> {
  const ages: Record<string, number> = {};
  for (const { state, startedAt, record } of openJobs.values()) {
    const age = between(startedAt ?? record.createdAt, now) / 1000;
    ages[state] = Math.max(ages[state] ?? 0, age);
  }
  return ages;
}

function addCheckGauges(
  { addGauge: add, addGauges: addEach }: HubMetrics,
  { hub, clock }: GaugeSources,
): void {
  const work = () => viewWork(hub, clock());
  add('shards_unjudged', 'Accepted shards that not enough verifiers have judged', () => {
    return work().unjudged;
  });
  add('check_lag_seconds', 'Age of the oldest of them', () => work().lagMs / 1000);
  const behind = 'Accepted shards that an enrolled verifier has not judged';
  addEach('verifier_behind_shards', behind, {
    label: 'verifier',
    read: () => {
      const last = hub.nextSequence - 1;
      const marks = [...hub.enrolled].map((key) => [key, last - (hub.judged.get(key) ?? -1)]);
      return Object.fromEntries(marks) as Record<string, number>;
    },
  });
  add('verifiers_online', 'Verifiers with a session', () => hub.verifiers.size);
  add('disputes_open', 'Units on which verifiers do not agree', () => hub.disputes.size);
}

function addDeviceGauges({ addGauge: add }: HubMetrics, { hub }: GaugeSources): void {
  add('devices_online', 'Contributors with a session', () => hub.devices.size);
  add('newcomers_waiting', 'Devices that wait for a place', () => hub.newcomers.line.size);
  add('newcomer_places', 'Places for new devices; 0 without a limit', () => {
    return viewNewcomers(hub)?.places ?? 0;
  });
  add('newcomer_places_taken', 'Those of them that are taken', () => {
    return viewNewcomers(hub)?.taken ?? 0;
  });
}
