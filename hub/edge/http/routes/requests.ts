import * as v from 'valibot';
import { describeReason } from '#protocol/api/sentences.ts';
import { EmbeddingList, EmbeddingRequest } from '#protocol/openai/embeddings.ts';
import { ModerationList, ModerationRequest } from '#protocol/openai/moderations.ts';
import type { TextCall } from '../../lanes/endpoints.ts';
import { answerBody, reject } from '../answer.ts';
import { readBatchResults } from '../batches/batch-results.ts';
import { readJson } from '../body.ts';
import { openCallPlaces, REQUESTS } from '../call-places.ts';
import { json } from '../describe.ts';
import { readJob } from '../job-access.ts';
import { askLane, openAsking } from '../lanes/ask-lane.ts';
import type { Waited } from '../lanes/await-units.ts';
import type { Asked, Lanes, Placed } from '../lanes/lanes.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';

const BODY_BYTES_MAX = 8 * 1024 * 1024;
const Named = v.looseObject({ model: v.string('expected the id of a model (GET /v1/models)') });
/** What a client does that waits no longer. */
const WAY = 'send it again, or as a batch (POST /v1/batches)';

const EMBEDDINGS = {
  does: 'Computes embeddings of texts, and waits for them (`Prefer: wait=60`). They are items of an open job of the key.',
  body: json({ EmbeddingRequest }),
  answers: { 200: json({ EmbeddingList }) },
};
const MODERATIONS = {
  does: 'Says which classes of a model are true of texts, and waits for it (`Prefer: wait=60`). They are items of an open job of the key.',
  body: json({ ModerationRequest }),
  answers: { 200: json({ ModerationList }) },
};

/** Requests of OpenAI's API that ask a model about texts: items of a job that is open for such. */
export function requestRoutes(ports: ApiPorts, lanes: Lanes): Route[] {
  const places = openCallPlaces(REQUESTS);
  const answer = (endpoint: TextCall) => (call: KeyCall) =>
    places.hold(call.key, async () => {
      const body = await readJson(Named, call.request, BODY_BYTES_MAX);
      const { close, ...asking } = await openAsking(ports, call, body.model);
      const asked = { ...asking, endpoint, body };
      const { placed, waited } = await askLane(ports, lanes, { asked, way: WAY }).finally(close);
      return answerBody(await printAnswer(ports, placed, { asked, waited }), {
        'Content-Type': 'application/json',
        'X-Pocketgrid-Job': placed.job,
        'X-Pocketgrid-Items': `${placed.first}-${placed.end - 1}`,
      });
    });
  return [
    writer('POST /v1/embeddings', EMBEDDINGS, answer('embeddings')),
    writer('POST /v1/moderations', MODERATIONS, answer('moderations')),
  ];
}

async function printAnswer(
  ports: ApiPorts,
  { job: id, first, line }: Placed,
  { asked, waited: { reason } }: { asked: Asked & { endpoint: TextCall }; waited: Waited },
): Promise<Uint8Array> {
  const job = await readJob(ports, id);
  if (job === undefined) return reject('job-state', 'the job was removed meanwhile');
  const text = reason === undefined ? 'it was not computed' : describeReason(reason);
  const missing = { code: 'job-state', message: text };
  const read = readBatchResults(ports, job, { lines: [line], missing, from: first });
  for await (const result of read) {
    if ('error' in result) {
      const { code, message } = result.error;
      return reject(code === missing.code ? 'job-state' : 'item-failed', message);
    }
    const { endpoint, model } = asked;
    return ports.threads.printRequest({ ...result, endpoint, model });
  }
  return reject('internal', 'the request has no answer; look at the log of the hub');
}
