import { randomBytes } from 'node:crypto';
import type { JobRecord } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import type { JobForm, MadeJob } from '../../forms/make-job.ts';
import { answerJson, reject } from '../answer.ts';
import { checkBudget } from '../budget.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
import { receiveUpload } from './upload.ts';

/** Forms that are on their way or wait for their turn. */
const UPLOADS_MAX = 64;
/** Of one key, so that there is room for others. */
const UPLOADS_OF_KEY_MAX = 32;

/** Posting a job: the form, the checks, the blobs, then the core's word. */
export function createRoutes(ports: ApiPorts): Route[] {
  const open: string[] = [];
  let creating: Promise<unknown> = Promise.resolve();

  /** One at a time: what a key has left is looked at, and taken, for one job after the other. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = creating.then(work);
    creating = result.catch(() => undefined);
    return result;
  }

  async function answer({ request, key }: KeyCall): Promise<Response> {
    const own = open.filter((id) => id === key.id).length;
    if (open.length >= UPLOADS_MAX || own >= UPLOADS_OF_KEY_MAX) {
      const message = `the hub is taking ${own} uploads of this key and ${open.length - own} others; send this one again in a minute`;
      return reject('busy', message);
    }
    open.push(key.id);
    try {
      const { form, close } = await receiveUpload(request, ports.uploads);
      try {
        const made = await makeJob(ports, form);
        return answerJson(await inTurn(() => createJob(ports, { key, form, made })), 201);
      } finally {
        await close();
      }
    } finally {
      open.splice(open.indexOf(key.id), 1);
    }
  }
  return [writer('POST /v1/jobs', answer)];
}

async function makeJob({ settlement, threads }: ApiPorts, form: JobForm): Promise<MadeJob> {
  const { unitPrice } = form.options;
  if (unitPrice !== undefined && unitPrice !== '0') {
    // Without a chain nobody could ever be paid.
    must(await settlement.view());
  }
  return threads.makeJob(form);
}

async function createJob(
  ports: ApiPorts,
  { key, form, made }: { key: KeyView; form: JobForm; made: MadeJob },
) {
  const { name, unitPrice, assurance, autoStart, keepDays } = form.options;
  const record: JobRecord = {
    ...made.record,
    id: `job_${randomBytes(8).toString('hex')}` as JobId,
    developer: key.id,
    name,
    createdAt: ports.clock(),
    unitPrice: unitPrice ?? lamports(0n),
    assurance: assurance ?? 'instant',
    autoStart: autoStart ?? false,
    ...(keepDays === undefined ? {} : { keepDays }),
  };
  await checkBudget(ports, key, record);
  return must(await ports.loop.command({ type: 'create', record, inputDigests: made.digestBytes }));
}
