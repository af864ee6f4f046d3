import * as v from 'valibot';
import { isEnded, type JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { EmbeddingList, EmbeddingRequest } from '#protocol/openai/embeddings.ts';
import { viewJob } from '../../../core/hub.ts';
import { answerRefusal, reject } from '../answer.ts';
import { readBatchResults } from '../batches/batch-results.ts';
import { inFolder, postTexts } from '../batches/post-texts.ts';
import { readJson } from '../body.ts';
import { json } from '../describe.ts';
import { readJob } from '../job-access.ts';
import { findModel } from '../kept-models.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
import type { UploadPlaces } from '../upload-places.ts';

const BODY_BYTES_MAX = 8 * 1024 * 1024;
/** How long a client waits that does not say (`Prefer: wait=60`, RFC 7240), and may wait. */
const WAIT_SECONDS = { otherwise: 60, most: 600 };
const Named = v.looseObject({ model: v.string('expected the id of a model (GET /v1/models)') });

const DESCRIPTION = {
  does: 'Computes embeddings of texts, as a job of its own, and waits for them (`Prefer: wait=60`).',
  body: json({ EmbeddingRequest }),
  answers: { 200: json({ EmbeddingList }) },
};

/** Embeddings of a request, as OpenAI's API has them: a job of its own, and its answer. */
export function embeddingRoutes(ports: ApiPorts, places: UploadPlaces): Route[] {
  const answer = (call: KeyCall) =>
    places.hold(call.key, async () => {
      const { body, job, line } = await post(ports, call);
      const ended = await awaitEnd(ports, { job, call });
      if (ended === undefined) {
        await ports.loop.command({ type: 'cancel', job: job.id });
        const message = `no answer in the time that the client waits: ${describeReason(job.reason)}; send it again, or as a batch (POST /v1/batches)`;
        return answerRefusal({ code: 'busy', message });
      }
      if (ended.state !== 'done') return reject('job-state', describeReason(ended.reason));
      const record = await readJob(ports, job.id);
      const missing = { code: 'results-removed', message: 'the job was removed meanwhile' };
      if (record === undefined) return reject('job-state', missing.message);
      for await (const result of readBatchResults(ports, record, { lines: [line], missing })) {
        if ('error' in result) return reject('item-failed', result.error.message);
        const printed = await ports.threads.printBatch({ ...result, model: body.model });
        return JSON.parse(new TextDecoder().decode(printed)).response.body as unknown;
      }
      return reject('internal', 'the job has no answer; look at the log of the hub');
    });
  return [writer('POST /v1/embeddings', DESCRIPTION, answer)];
}

/** Posts the job of a request. */
async function post(ports: ApiPorts, { request, key }: KeyCall) {
  const body = await readJson(Named, request, BODY_BYTES_MAX);
  const { files } = await findModel(ports.store.models, body.model);
  return inFolder(ports, async (folder) => {
    const reading = { body, model: { name: body.model, files }, folder };
    const { line, texts } = await ports.threads.readRequest(reading);
    const name = `embeddings of ${body.model}`.slice(0, 120);
    return { body, line, job: await postTexts(ports, { key, name, model: files, texts }) };
  });
}

/** The job once it has ended; undefined when the client has gone or waits no longer. */
function awaitEnd(
  { hub, loop, stopping }: ApiPorts,
  { job, call }: { job: JobView; call: KeyCall },
): Promise<JobView | undefined> {
  const { signal, headers } = call.request;
  const asked = Number(/(?:^|[,;\s])wait=(\d{1,6})/.exec(headers.get('prefer') ?? '')?.[1]);
  const seconds = Math.min(asked || WAIT_SECONDS.otherwise, WAIT_SECONDS.most);
  return new Promise((resolve) => {
    const look = () => {
      const known = hub.jobs.get(job.id);
      const view = known && viewJob(hub, known);
      if (view !== undefined && isEnded(view.state)) end(view);
    };
    const stop = loop.watch(job.id, look);
    const leave = () => end(undefined);
    const timer = setTimeout(leave, seconds * 1_000);
    for (const each of [signal, stopping]) each.addEventListener('abort', leave);
    const end = (view: JobView | undefined) => {
      stop();
      clearTimeout(timer);
      for (const each of [signal, stopping]) each.removeEventListener('abort', leave);
      resolve(view);
    };
    look();
  });
}
