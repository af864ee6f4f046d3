import { statfs } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Hub, viewWork } from '../../core/hub.ts';
import type { Clock } from './clock.ts';
import type { HubMetrics } from './metrics.ts';
import type { WriteWatch } from './write-watch.ts';

const LAG_STEP_MS = 20;

/** What the gauges are read from when somebody scrapes. */
export interface GaugeSources {
  hub: Hub;
  /** The data folder: its disk is looked at. */
  data: string;
  writes: WriteWatch;
  clock: Clock;
}

/** What an operator is woken for: the disk, the loop, jobs, checks, newcomers. */
export function addGauges(
  { addGauge: add, addGauges: addEach }: HubMetrics,
  { hub, data, writes, clock }: GaugeSources,
): () => void {
  const work = () => viewWork(hub, clock());
  const delay = monitorEventLoopDelay({ resolution: LAG_STEP_MS });
  delay.enable();
  add('event_loop_lag_seconds', 'The longest stall of the event loop since the last scrape', () => {
    // What it measures holds its own step.
    const stall = Math.max(0, delay.max / 1e9 - LAG_STEP_MS / 1000);
    delay.reset();
    return stall;
  });
  add('disk_free_bytes', 'Free for the hub on the disk of its data folder', async () => {
    const { bavail, bsize } = await statfs(data);
    return bavail * bsize;
  });
  add('write_wait_seconds', 'How long facts have waited without any coming to disk', () => {
    return writes.waitingMs() / 1000;
  });
  add('shards_unjudged', 'Accepted shards that not enough verifiers have judged', () => {
    return work().unjudged;
  });
  add('check_lag_seconds', 'Age of the oldest of them', () => work().lagMs / 1000);
  add('verifiers_online', 'Verifiers with a session', () => hub.verifiers.size);
  add('devices_online', 'Contributors with a session', () => hub.devices.size);
  add('newcomers_waiting', 'Devices that wait for a place', () => hub.newcomers.line.size);
  const jobs = 'Jobs in memory by state: those that go on, or ended a short time ago';
  addEach('jobs', jobs, { label: 'state', read: () => work().jobs });
  return () => delay.disable();
}
