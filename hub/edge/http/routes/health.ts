import type { Health, Readiness } from '#protocol/api/grid-view.ts';
import { millis } from '#protocol/values/units.ts';
import { viewWork } from '../../../core/hub.ts';
import type { ApiPorts } from '../route.ts';

/** The version of the hub and of its API. */
export const HUB_VERSION = '0.1.0';
/** A disk that is well writes within milliseconds. */
const WRITE_WAIT_MS_MAX = 10_000;
/** Verifiers judge within seconds, and a queue of dear units within minutes. */
const CHECK_LAG_MS_MAX = 5 * 60_000;

/** How the hub is: from its disk and from what verifiers have left to judge. */
export function readHealth({ hubKey: key, hub, pulse, writes, clock }: HealthPorts): Health {
  const { trouble, config, verifiers } = hub;
  const uptimeMs = millis(Math.round(performance.now()));
  const { unjudged, lagMs } = viewWork(hub, clock());
  const [lastMs, waitingMs] = [writes.lastMs(), writes.waitingMs()];
  const isLate = config.needsVerifier && lagMs >= CHECK_LAG_MS_MAX;
  const isWell = trouble === undefined && waitingMs < WRITE_WAIT_MS_MAX && !isLate;
  return {
    status: isWell ? 'ok' : 'degraded',
    ...(trouble === undefined ? {} : { trouble }),
    version: HUB_VERSION,
    hub: key,
    uptimeMs,
    chain: pulse.state(),
    writes: {
      ...(lastMs === undefined ? {} : { lastMs: millis(Math.round(lastMs)) }),
      waitingMs: millis(Math.round(waitingMs)),
    },
    checks: { verifiers: verifiers.size, unjudged, lagMs },
  };
}

type HealthPorts = Pick<ApiPorts, 'hubKey' | 'hub' | 'pulse' | 'writes' | 'clock'>;

/** Whether the hub takes new work. Verifiers that are late do not count: jobs wait for them in the hub. */
export function readReadiness({ hub, writes, stopping }: ReadyPorts): Readiness {
  const waits: Readiness['waits'] = [];
  if (hub.trouble !== undefined) waits.push('disk');
  if (writes.waitingMs() >= WRITE_WAIT_MS_MAX) waits.push('writes');
  if (stopping.aborted) waits.push('stopping');
  return { ready: waits.length === 0, waits };
}

type ReadyPorts = Pick<ApiPorts, 'hub' | 'writes' | 'stopping'>;
