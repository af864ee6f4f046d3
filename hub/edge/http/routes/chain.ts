import { ChainAccounts, type ChainView } from '#protocol/settlement/money-api.ts';
import { type Result, refusal } from '#protocol/values/refusal.ts';
import { hasFunded } from '../../../core/hub.ts';
import { CHAIN_PATH } from '../../chain/open.ts';
import { answerJson, answerRefusal } from '../answer.ts';
import { readJson } from '../body.ts';
import type { ApiPorts, Call, Route } from '../route.ts';

/** Which pool the grid settles in, and the way to a development chain. */
export function chainRoutes({ hub, settlement, relay }: ApiPorts): Route[] {
  async function passOn({ request }: Call): Promise<Response> {
    if (relay !== undefined) return relay(request);
    const message = 'this hub passes nothing on; GET /v1/chain says where its chain answers';
    return answerRefusal(refusal('not-found', message));
  }

  async function choose({ request }: Call): Promise<Response> {
    const accounts = await readJson(ChainAccounts, request);
    if (!accounts.ok) return answerRefusal(accounts.refusal);
    const { pool } = accounts.value;
    if (hasFunded(hub) && pool !== settlement.named()) {
      const message = `jobs of this grid are paid from the pool ${settlement.named()}: use another data directory for another pool`;
      return answerRefusal(refusal('chain-wrong', message));
    }
    return answerView(await settlement.choose(accounts.value));
  }

  return [
    { method: 'POST', path: CHAIN_PATH, caller: 'anyone', cost: 1, answer: passOn },
    {
      method: 'GET',
      path: '/v1/chain',
      caller: 'anyone',
      answer: async () => answerView(await settlement.view()),
    },
    { method: 'POST', path: '/v1/chain', caller: 'developer', answer: choose },
  ];
}

const answerView = (view: Result<ChainView>): Response =>
  view.ok ? answerJson(view.value) : answerRefusal(view.refusal);
