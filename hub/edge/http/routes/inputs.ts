import * as v from 'valibot';
import { AddedItems } from '#protocol/api/api.ts';
import { JobView } from '#protocol/api/job.ts';
import { must } from '#protocol/values/refusal.ts';
import { addUnits } from '../add-units.ts';
import { answerJson, reject } from '../answer.ts';
import type { CallPlaces } from '../call-places.ts';
import { Files, form, json } from '../describe.ts';
import { receiveForm } from '../form.ts';
import { findJob } from '../job-access.ts';
import type { Part } from '../multipart.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
import { INPUT_BOUNDS } from './upload.ts';

const InputsForm = v.strictObject({
  inputs: v.pipe(Files, v.description('Files like those that the job was posted with.')),
});

/** Inputs that come while an open job runs, and the word that no more do. */
export function inputRoutes(ports: ApiPorts, places: CallPlaces): Route[] {
  return [
    writer(
      'POST /v1/jobs/:job/inputs',
      {
        does: 'Adds items to an open job that runs.',
        body: form({ InputsForm }),
        answers: { 201: json({ AddedItems }) },
      },
      (call) => places.hold(call.key, () => add(ports, call)),
    ),
    writer(
      'POST /v1/jobs/:job/inputs/end',
      {
        does: 'Says that an open job gets no more items: it ends when all is computed.',
        answers: { 200: json({ JobView }) },
      },
      async (call) => {
        const { record } = await findJob(ports, call);
        return must(await ports.loop.command({ type: 'end-inputs', job: record.id }));
      },
    ),
  ];
}

/** Adds the items of a form; answers with their numbers. */
async function add(ports: ApiPorts, call: KeyCall): Promise<Response> {
  const { record } = await findJob(ports, call);
  if (record.open === undefined) {
    reject('job-state', 'this job was not posted as open, and takes no more inputs; post another');
  }
  const { spools, close } = await receiveForm(call.request, ports.uploads, {
    fields: { inputs: INPUT_BOUNDS },
    texts: [],
    explainPart,
  });
  try {
    if (spools.inputs.entries.length === 0) {
      return reject(
        'request-invalid',
        'the form has no `inputs`; send one or more files',
        'inputs',
      );
    }
    const added = await ports.threads.makeInputs({ job: record, inputs: spools.inputs });
    const { units } = added;
    const view = must(await addUnits(ports, call.key, { job: record.id, added }));
    return answerJson(rangeOf(view, units), 201);
  } finally {
    await close();
  }
}

/** Items [from, to) of the job are those that came. */
function rangeOf(job: JobView | null, units: number): AddedItems {
  if (job === null) throw new RangeError('a job that takes inputs has a view');
  return { from: job.items - units, to: job.items, job };
}

const explainPart = ({ field }: Part): string =>
  `the form has a part "${field}", and more inputs of a job come as \`inputs\` only`;
