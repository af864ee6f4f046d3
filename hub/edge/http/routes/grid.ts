import * as v from 'valibot';
import type { VerdictPage } from '#protocol/api/api.ts';
import type { GridView, Health } from '#protocol/api/grid-view.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { shownVerdicts, viewGrid } from '../../../core/hub.ts';
import { answerJson, answerNothing, answerRefusal } from '../answer.ts';
import { readJson } from '../body.ts';
import { readCount } from '../query.ts';
import type { ApiPorts, Call, Route } from '../route.ts';

export const HUB_VERSION = '0.1.0';
const VERDICTS_MAX = 500;

/** The hub itself: its health, who is online, what verifiers found, and who may verify. */
export const gridRoutes = (ports: ApiPorts): Route[] => [
  { method: 'GET', path: '/v1/health', caller: 'anyone', answer: () => readHealth(ports) },
  {
    method: 'GET',
    path: '/v1/grid',
    caller: 'anyone',
    cost: 2,
    answer: () => answerJson(viewGrid(ports.hub) satisfies GridView),
  },
  {
    method: 'GET',
    path: '/v1/verdicts',
    caller: 'anyone',
    cost: 5,
    answer: (call) => readVerdicts(ports, call),
  },
  {
    method: 'POST',
    path: '/v1/verifiers',
    caller: 'developer',
    answer: (call) => enrol(ports, call),
  },
  {
    method: 'DELETE',
    path: '/v1/verifiers/:key',
    caller: 'developer',
    answer: (call) => remove(ports, call),
  },
];

function readHealth({ hubKey: key, hub: { trouble }, pulse }: ApiPorts): Response {
  const uptimeMs = millis(Math.round(performance.now()));
  return answerJson({
    status: trouble === undefined ? 'ok' : 'degraded',
    ...(trouble === undefined ? {} : { trouble }),
    version: HUB_VERSION,
    hub: key,
    uptimeMs,
    chain: pulse.state(),
  } satisfies Health);
}

/**
 * Pages of the log, up to the first verdict that is withheld: `next` is what to ask for `after`,
 * and stays where it is at the end.
 */
async function readVerdicts({ hub, store }: ApiPorts, { query }: Call): Promise<Response> {
  const after = readCount(query, 'after', { otherwise: 0, most: Number.MAX_SAFE_INTEGER });
  if (!after.ok) return answerRefusal(after.refusal);
  const limit = readCount(query, 'limit', { otherwise: 100, most: VERDICTS_MAX });
  if (!limit.ok) return answerRefusal(limit.refusal);
  const { through, withheld } = shownVerdicts(hub);
  const found = await store.verdicts(after.value, limit.value);
  const verdicts = found.filter(({ number }) => number <= through);
  const next = verdicts.at(-1)?.number ?? after.value;
  return answerJson({ verdicts, next, withheld } satisfies VerdictPage);
}

async function enrol({ loop }: ApiPorts, { request }: Call): Promise<Response> {
  const body = await readJson(v.strictObject({ key: PublicKey }), request);
  if (!body.ok) return answerRefusal(body.refusal);
  const result = await loop.command({ type: 'enrol', key: body.value.key });
  return result.ok ? answerNothing() : answerRefusal(result.refusal);
}

async function remove({ loop }: ApiPorts, { param }: Call): Promise<Response> {
  const key = decodeWith(PublicKey, param('key'), 'request-invalid');
  if (!key.ok) return answerRefusal(key.refusal);
  const result = await loop.command({ type: 'remove-verifier', key: key.value });
  return result.ok ? answerNothing() : answerRefusal(result.refusal);
}
