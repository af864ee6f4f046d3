import type { JobId } from '#protocol/values/ids.ts';
import { type Hub, listFunded } from '../../core/hub.ts';
import type { HubLoop } from '../loop.ts';
import type { Log } from '../process/log.ts';
import type { FoundEscrow, Settlement } from './settlement.ts';

const EVERY_MS = { least: 2_000, most: 60_000 };
/**
 * An escrow is closed so many graces before it can be emptied: one for the period that pays it out,
 * one to spare.
 */
const GRACES_BEFORE = 2;
/** A node that lags answers that there is no escrow: so many have to say it, one after the other. */
const GONE_LOOKS = 3;
/** Escrows read in one round; the others have their turn in the next. */
const READS_A_ROUND = 100;

/**
 * Closes the money of jobs in time: whoever has earned it is paid before the poster can take it
 * out.
 */
export interface ClosingWatch {
  close(): void;
}

export interface ClosingPorts {
  hub: Hub;
  settlement: Settlement;
  loop: Pick<HubLoop, 'command'>;
  log: Log;
}

/** Looks at the escrows of funded jobs a tenth of the grace apart, from two seconds to a minute. */
export function openClosingWatch(ports: ClosingPorts): ClosingWatch {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let from = 0;
  /** How often in a row the chain had no escrow of a job. */
  const gone = new Map<JobId, number>();
  const close = async (job: JobId): Promise<void> => {
    gone.delete(job);
    ports.log.warn({ job }, 'the money of a job is closed: its escrow is or will soon be empty');
    await ports.loop.command({ type: 'close', job });
  };
  const round = async (): Promise<void> => {
    let wait = EVERY_MS.most;
    const view = await ports.settlement.view();
    if (view.ok) {
      const graceMs = view.value.graceSeconds * 1_000;
      wait = Math.min(EVERY_MS.most, Math.max(EVERY_MS.least, graceMs / 10));
      const funded = listFunded(ports.hub);
      from = from < funded.length ? from : 0;
      for (const each of funded.slice(from, from + READS_A_ROUND)) {
        if (stopped) return;
        const { job } = each;
        const found = await ports.settlement.escrow({ ...each, commitment: 'finalized' });
        if (found.ok) {
          gone.delete(job);
          if (lastMs(found.value, graceMs) <= Date.now()) await close(job);
        } else if (found.refusal.code === 'job-unfunded') {
          // A chain that is silent says nothing.
          gone.set(job, (gone.get(job) ?? 0) + 1);
          if (gone.get(job) === GONE_LOOKS) await close(job);
        }
      }
      from += READS_A_ROUND;
    }
    if (!stopped) timer = setTimeout(run, wait);
  };
  const run = () =>
    void round().catch((error: unknown) => {
      ports.log.error({ error: String(error) }, 'escrows could not be looked at');
      if (!stopped) timer = setTimeout(run, EVERY_MS.most);
    });
  run();
  return {
    close() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** When the money of an escrow has to be closed: at once when its poster has asked for the rest. */
function lastMs({ escrow }: FoundEscrow, graceMs: number): number {
  if (escrow.requested > 0n) return 0;
  return Number(escrow.refundFrom) * 1_000 - GRACES_BEFORE * graceMs;
}
