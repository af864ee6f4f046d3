import { randomBytes } from 'node:crypto';
import type { JobRecord } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import type { JobForm, MadeJob } from '../../forms/make-job.ts';
import { answerJson } from '../answer.ts';
import { checkBudget } from '../budget.ts';
import { findModel } from '../kept-models.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
import { openTurns, type UploadPlaces } from '../upload-places.ts';
import { receiveUpload } from './upload.ts';

/** Posting a job: the form, the checks, the blobs, then the core's word. */
export function createRoutes(ports: ApiPorts, places: UploadPlaces): Route[] {
  // What a key has left is looked at, and taken, for one job after the other.
  const inTurn = openTurns();

  const answer = ({ request, key }: KeyCall) =>
    places.hold(key, async () => {
      const { form, close } = await receiveUpload(request, ports.uploads);
      try {
        const made = await makeJob(ports, await withModel(ports, form));
        return answerJson(await inTurn(() => createJob(ports, { key, form, made })), 201);
      } finally {
        await close();
      }
    });
  return [writer('POST /v1/jobs', answer)];
}

/** The form with the model that its options name, where they name one. */
async function withModel({ store }: ApiPorts, form: JobForm): Promise<JobForm> {
  const { model } = form.options;
  if (model === undefined) return form;
  return { ...form, model: { kept: (await findModel(store.models, model)).files } };
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
