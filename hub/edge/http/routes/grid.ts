import * as v from 'valibot';
import { VerdictPage } from '#protocol/api/api.ts';
import { GridView, Health, Readiness } from '#protocol/api/grid-view.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { shownVerdicts, viewGrid } from '../../../core/hub.ts';
import { answerJson } from '../answer.ts';
import { readJson } from '../body.ts';
import { json, NOTHING, pageFields } from '../describe.ts';
import { readPage } from '../query.ts';
import { type ApiPorts, anyone, type Call, operator, type Route } from '../route.ts';
import { readHealth, readReadiness } from './health.ts';

const VERDICT_PAGE = { otherwise: 100, most: 500 };

const VerifierRequest = v.strictObject({ key: PublicKey });

/** The hub itself: its health, who is online, what verifiers found, and who may verify. */
export const gridRoutes = (ports: ApiPorts): Route[] => [
  anyone(
    'GET /v1/health',
    { does: 'Says how the hub is.', answers: { 200: json({ Health }) } },
    () => readHealth(ports),
  ),
  anyone(
    'GET /v1/ready',
    {
      does: 'Says whether the hub takes new work; 503 while it does not.',
      answers: { 200: json({ Readiness }), 503: json({ Readiness }) },
    },
    () => {
      const readiness = readReadiness(ports);
      return answerJson(readiness, readiness.ready ? 200 : 503);
    },
  ),
  anyone(
    'GET /v1/grid',
    {
      does: 'Lists the devices and verifiers that are online.',
      answers: { 200: json({ GridView }) },
      cost: 2,
    },
    () => viewGrid(ports.hub) satisfies GridView,
  ),
  anyone(
    'GET /v1/verdicts',
    {
      does: 'Reads signed verdicts by their number, up to the first one that is withheld.',
      query: pageFields('after', VERDICT_PAGE),
      answers: { 200: json({ VerdictPage }) },
      cost: 5,
    },
    (call) => readVerdicts(ports, call),
  ),
  operator(
    'POST /v1/verifiers',
    { does: 'Enrols a verifier.', body: json({ VerifierRequest }), answers: { 204: NOTHING } },
    (call) => enrol(ports, call),
  ),
  operator(
    'DELETE /v1/verifiers/:verifier',
    { does: 'Takes a verifier off the list, for good.', answers: { 204: NOTHING } },
    (call) => remove(ports, call),
  ),
];

/**
 * Pages of the log, up to the first verdict that is withheld: `next` is what to ask for `after`,
 * and stays where it is at the end.
 */
async function readVerdicts({ hub, store }: ApiPorts, { query }: Call): Promise<VerdictPage> {
  const { from, limit } = readPage(query, 'after', VERDICT_PAGE);
  const { through, withheld } = shownVerdicts(hub);
  const found = await store.verdicts(from, limit);
  const verdicts = found.filter(({ number }) => number <= through);
  return { verdicts, next: verdicts.at(-1)?.number ?? from, shown: through, withheld };
}

async function enrol({ loop }: ApiPorts, { request }: Call): Promise<void> {
  const { key } = await readJson(VerifierRequest, request);
  must(await loop.command({ type: 'enrol', key }));
}

async function remove({ loop }: ApiPorts, { param }: Call): Promise<void> {
  const key = must(decodeWith(PublicKey, param('verifier'), 'request-invalid'));
  must(await loop.command({ type: 'remove-verifier', key }));
}
