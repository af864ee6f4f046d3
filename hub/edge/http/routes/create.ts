import * as v from 'valibot';
import { JobOptions, JobView } from '#protocol/api/job.ts';
import { type ModelFile, nameModel } from '#protocol/api/models.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must, PocketgridError } from '#protocol/values/refusal.ts';
import { viewJob } from '../../../core/hub.ts';
import type { MadeJob } from '../../forms/made-job.ts';
import type { JobForm as PostedForm } from '../../forms/make-job.ts';
import { answerJson } from '../answer.ts';
import type { CallPlaces } from '../call-places.ts';
import { createJob } from '../create-job.ts';
import { Files, form, json } from '../describe.ts';
import { fetchInputs } from '../fetch-inputs.ts';
import { readJob } from '../job-access.ts';
import { findModel } from '../kept-models.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
import { findTarget } from '../webhooks/targets.ts';
import { receiveUpload } from './upload.ts';

const JobForm = v.strictObject({
  model: v.exactOptional(
    v.pipe(
      Files,
      v.description(
        'One ONNX file and those with its data; absent where the options name a model.',
      ),
    ),
  ),
  inputs: v.exactOptional(
    v.pipe(
      Files,
      v.description(
        'Tensors, pictures, texts or JSON Lines; absent where the options have an inputsUrl.',
      ),
    ),
  ),
  shared: v.exactOptional(v.pipe(Files, v.description('What all items share.'))),
  options: JobOptions,
});

/** Posting a job: the form, the checks, the blobs, then the core's word. */
export function createRoutes(ports: ApiPorts, places: CallPlaces): Route[] {
  const answer = ({ request, key, newId }: KeyCall) =>
    places.hold(key, async () => {
      const { form: posted, close } = await receiveUpload(request, ports.uploads);
      try {
        const id = `job_${newId(8)}` as JobId;
        const there = await readJob(ports, id);
        if (there !== undefined) return answerJson(viewJob(ports.hub, there), 201);
        const whole = await withModel(ports, await withInputs(ports, posted, request.signal));
        const { options } = whole;
        const made = await makeJob(ports, whole);
        const kept = keptFiles(whole);
        const view = await withExport(ports, { id, url: options.resultsUrl }, () =>
          createJob(ports, { id, key, options, made, kept }),
        );
        return answerJson(view, 201);
      } finally {
        await close();
      }
    });
  const description = {
    does: 'Posts a job: a model, its inputs and options. It is checked, and has a quote after that.',
    body: form({ JobForm }),
    answers: { 201: json({ JobView }) },
  };
  return [writer('POST /v1/jobs', description, answer)];
}

/** Makes a job whose results go to an address once it is done, where one is named. */
async function withExport(
  { store: { exports }, targets }: ApiPorts,
  { id, url }: { id: JobId; url: string | undefined },
  create: () => Promise<JobView>,
): Promise<JobView> {
  if (url === undefined) return create();
  const target = await findTarget(new URL(url), targets);
  if (!target.ok) throw new PocketgridError({ ...target.refusal, path: 'resultsUrl' });
  await exports.add(id, url);
  try {
    return await create();
  } catch (error) {
    await exports.remove(id);
    throw error;
  }
}

/** The form with the inputs that its options have the address of, where they have one. */
async function withInputs(
  { uploads, targets: rules }: ApiPorts,
  form: PostedForm,
  signal: AbortSignal,
): Promise<PostedForm> {
  const { inputsUrl } = form.options;
  if (inputsUrl === undefined) return form;
  return { ...form, inputs: await fetchInputs(inputsUrl, form.inputs, { uploads, rules, signal }) };
}

/** The form with the model that its options name, where they name one, and its revision. */
async function withModel({ store }: ApiPorts, form: PostedForm): Promise<PostedForm> {
  const { options } = form;
  if (options.model === undefined) return form;
  const kept = await findModel(store.models, options.model);
  return { ...form, options: { ...options, model: nameModel(kept) }, model: { kept: kept.files } };
}

/** The files of a kept model that devices run as its options alone say. */
const keptFiles = ({ model, shared }: PostedForm): readonly ModelFile[] | undefined =>
  'kept' in model && shared.entries.length === 0 ? model.kept : undefined;

async function makeJob({ settlement, threads }: ApiPorts, form: PostedForm): Promise<MadeJob> {
  const { unitPrice } = form.options;
  if (unitPrice !== undefined && unitPrice !== '0') {
    // Without a chain nobody could ever be paid.
    must(await settlement.view());
  }
  return threads.makeJob(form);
}
