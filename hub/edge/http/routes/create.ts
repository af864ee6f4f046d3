import { must } from '#protocol/values/refusal.ts';
import type { JobForm, MadeJob } from '../../forms/make-job.ts';
import { answerJson } from '../answer.ts';
import { createJob } from '../create-job.ts';
import { findModel } from '../kept-models.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
import type { UploadPlaces } from '../upload-places.ts';
import { receiveUpload } from './upload.ts';

/** Posting a job: the form, the checks, the blobs, then the core's word. */
export function createRoutes(ports: ApiPorts, places: UploadPlaces): Route[] {
  const answer = ({ request, key }: KeyCall) =>
    places.hold(key, async () => {
      const { form, close } = await receiveUpload(request, ports.uploads);
      try {
        const made = await makeJob(ports, await withModel(ports, form));
        return answerJson(await createJob(ports, { key, options: form.options, made }), 201);
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
