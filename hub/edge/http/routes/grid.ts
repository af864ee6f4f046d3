import * as v from 'valibot';
import type { VerdictPage } from '#protocol/api/api.ts';
import type { GridView } from '#protocol/api/grid-view.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { shownVerdicts, viewGrid } from '../../../core/hub.ts';
import { answerJson } from '../answer.ts';
import { readJson } from '../body.ts';
import { readPage } from '../query.ts';
import { type ApiPorts, anyone, type Call, operator, type Route } from '../route.ts';
import { readHealth, readReadiness } from './health.ts';

const VERDICTS_MAX = 500;

/** The hub itself: its health, who is online, what verifiers found, and who may verify. */
export const gridRoutes = (ports: ApiPorts): Route[] => [
  anyone('GET /v1/health', () => readHealth(ports)),
  anyone('GET /v1/ready', () => {
    const readiness = readReadiness(ports);
    return answerJson(readiness, readiness.ready ? 200 : 503);
  }),
  anyone('GET /v1/grid', () => viewGrid(ports.hub) satisfies GridView, 2),
  anyone('GET /v1/verdicts', (call) => readVerdicts(ports, call), 5),
  operator('POST /v1/verifiers', (call) => enrol(ports, call)),
  operator('DELETE /v1/verifiers/:key', (call) => remove(ports, call)),
];

/**
 * Pages of the log, up to the first verdict that is withheld: `next` is what to ask for `after`,
 * and stays where it is at the end.
 */
async function readVerdicts({ hub, store }: ApiPorts, { query }: Call): Promise<VerdictPage> {
  const { from, limit } = readPage(query, 'after', { otherwise: 100, most: VERDICTS_MAX });
  const { through, withheld } = shownVerdicts(hub);
  const found = await store.verdicts(from, limit);
  const verdicts = found.filter(({ number }) => number <= through);
  return { verdicts, next: verdicts.at(-1)?.number ?? from, withheld };
}

async function enrol({ loop }: ApiPorts, { request }: Call): Promise<void> {
  const { key } = await readJson(v.strictObject({ key: PublicKey }), request);
  must(await loop.command({ type: 'enrol', key }));
}

async function remove({ loop }: ApiPorts, { param }: Call): Promise<void> {
  const key = must(decodeWith(PublicKey, param('key'), 'request-invalid'));
  must(await loop.command({ type: 'remove-verifier', key }));
}
