import { type Result, refusal } from '#protocol/refusal.ts';
import { ChainAccounts, type ChainView } from '#protocol/settlement/money-api.ts';
import { hasFunded } from '../../core/hub.ts';
import { CHAIN_PATH } from '../chain/open.ts';
import { answerJson, answerRefusal } from './answer.ts';
import { readJson } from './body.ts';
import type { ApiPorts, Call, Route } from './route.ts';

/** Calls at once: each may run a transaction and write the chain to disk. */
const CALLS_MAX = 64;

/** Which pool the grid settles in, and the JSON-RPC of a chain that the hub hosts. */
export function chainRoutes({ hub, settlement, chain }: ApiPorts): Route[] {
  let answering = 0;

  async function answerRpc({ request }: Call): Promise<Response> {
    if (chain === undefined) {
      const message = 'this hub hosts no chain; GET /v1/chain says where its chain answers';
      return answerRefusal(refusal('not-found', message));
    }
    // Clients of Solana wait and try again after a 429.
    if (answering >= CALLS_MAX) return new Response('too many calls', { status: 429 });
    answering += 1;
    try {
      return await chain.answer(request);
    } finally {
      answering -= 1;
    }
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
    { method: 'POST', path: CHAIN_PATH, caller: 'anyone', cost: 1, answer: answerRpc },
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
