import { randomBytes } from 'node:crypto';
import type { JobOptions, JobRecord, JobView, RequestCall } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import type { ModelFile } from '#protocol/api/models.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import type { MadeJob } from '../forms/made-job.ts';
import { reject } from './answer.ts';
import { checkBudget } from './budget.ts';
import { openTurns } from './call-places.ts';
import type { ApiPorts } from './route.ts';
import { setupOf } from './setup.ts';

type Ports = Pick<ApiPorts, 'store' | 'loop' | 'clock'>;

/** What a job is made of, and whose it is to be. */
interface NewJob {
  /** A new one where it is absent. */
  id?: JobId;
  key: KeyView;
  /** `model` with its revision. */
  options: JobOptions;
  made: MadeJob;
  /** The files of the model that the hub keeps, where it is made of one. */
  kept?: readonly ModelFile[] | undefined;
  /** Of a job that the hub opens for requests. */
  requests?: RequestCall | undefined;
}

const IDLE_MINUTES = 60;

/** What a key has left is looked at, and taken, for one job after the other. */
const inTurn = openTurns();

/** Makes a job of a key, within what the key may spend. */
export const createJob = (ports: Ports, job: NewJob): Promise<JobView> =>
  inTurn(() => create(ports, job));

function checkDeadline(deadline: number | undefined, now: number): void {
  if (deadline === undefined || deadline > now) return;
  const message = `the deadline has passed: it is in milliseconds since 1970, and now is ${now}`;
  reject('request-invalid', message, 'deadline');
}

async function create(ports: Ports, { id, key, options, made, ...more }: NewJob): Promise<JobView> {
  const { name, model, unitPrice, priceMax, assurance, autoStart, dryRun, keepDays } = options;
  const { open, idleMinutes, devices, deadline, purpose, category } = options;
  const { kept, requests } = more;
  const record: JobRecord = {
    ...made.record,
    id: id ?? (`job_${randomBytes(8).toString('hex')}` as JobId),
    developer: key.id,
    ...(key.role === 'operator' ? {} : { developerName: key.name }),
    name,
    ...(purpose === undefined ? {} : { purpose }),
    ...(category === undefined ? {} : { category }),
    createdAt: ports.clock(),
    unitPrice: unitPrice ?? lamports(0n),
    assurance: assurance ?? 'instant',
    autoStart: autoStart ?? false,
    ...(priceMax === undefined ? {} : { priceMax }),
    ...(devices === undefined ? {} : { devices }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(dryRun === true ? { dryRun } : {}),
    ...(kept === undefined ? {} : { setup: setupOf(kept, options) }),
    ...(model === undefined ? {} : { model }),
    ...(keepDays === undefined ? {} : { keepDays }),
    ...(open === true ? { open: { idleMinutes: idleMinutes ?? IDLE_MINUTES } } : {}),
    ...(requests === undefined ? {} : { requests }),
  };
  checkDeadline(deadline, record.createdAt);
  await checkBudget(ports, key, record);
  const command = { type: 'create', record, inputDigests: made.digestBytes } as const;
  const view = must(await ports.loop.command(command));
  if (view === null) throw new RangeError('a job that was made has a view');
  return view;
}
