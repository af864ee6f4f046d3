import { isEnded } from '#protocol/api/job.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { Reason } from '#protocol/values/reason.ts';
import { mayRead } from '../../../core/hub.ts';
import { hasFailed } from '../../results/windows.ts';
import type { ApiPorts } from '../route.ts';

type Ports = Pick<ApiPorts, 'hub' | 'loop' | 'stopping'>;

/** Units of a job, and how long somebody waits for them. */
export interface Awaited {
  job: JobId;
  first: number;
  end: number;
  /** Aborted when nobody waits any more, or the time is up. */
  signal: AbortSignal;
}

/** How a wait came out. */
export interface Waited {
  /** `ready`: all may be read, or has failed. `ended`: the job did before. `late`: nobody waits. */
  is: 'ready' | 'ended' | 'late';
  /** Why the job stands where it stands, unless all is ready. */
  reason?: Reason;
}

/** Waits until units of a job that runs may be read. */
export function awaitUnits({ hub, loop, stopping }: Ports, awaited: Awaited): Promise<Waited> {
  const { job: id, first, end, signal } = awaited;
  const open = new Set(Array.from({ length: end - first }, (_, at) => first + at));
  const drop = (from: number, to: number) => {
    for (let unit = Math.max(first, from); unit < Math.min(end, to); unit += 1) open.delete(unit);
  };
  const known = hub.jobs.get(id);
  for (const { firstUnit, unitCount } of known?.shards.values() ?? []) {
    drop(firstUnit, firstUnit + unitCount);
  }
  const look = (): Waited | undefined => {
    const job = hub.jobs.get(id);
    if (job === undefined) return { is: 'ended' };
    for (const unit of open) if (hasFailed(job.failed, unit)) open.delete(unit);
    if (open.size === 0 && mayRead(job, first, end)) return { is: 'ready' };
    return isEnded(job.state) ? { is: 'ended', reason: job.reason } : undefined;
  };
  return new Promise((resolve) => {
    const leave = () => {
      const { reason } = hub.jobs.get(id) ?? {};
      finish({ is: 'late', ...(reason && { reason }) });
    };
    const stop = loop.watch(id, (units) => {
      if (units !== undefined) drop(units.first, units.end);
      const found = look();
      if (found !== undefined) finish(found);
    });
    const finish = (found: Waited) => {
      stop();
      for (const each of [signal, stopping]) each.removeEventListener('abort', leave);
      resolve(found);
    };
    for (const each of [signal, stopping]) each.addEventListener('abort', leave);
    const found = look();
    if (signal.aborted || stopping.aborted) leave();
    else if (found !== undefined) finish(found);
  });
}
