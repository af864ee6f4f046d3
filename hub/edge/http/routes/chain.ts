import * as v from 'valibot';
import { ChainAccounts, ChainView } from '#protocol/settlement/money-api.ts';
import { must } from '#protocol/values/refusal.ts';
import { hasFunded } from '../../../core/hub.ts';
import { CHAIN_PATH } from '../../chain/open.ts';
import { reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { json } from '../describe.ts';
import { type ApiPorts, anyone, type Call, operator, type Route } from '../route.ts';

/** As the chain has it: one call or several, one answer or several. */
const JsonRpc = v.unknown();

/** Which pool the grid settles in, and the way to a development chain. */
export function chainRoutes({ hub, settlement, relay }: ApiPorts): Route[] {
  function passOn({ request, caller }: Call): Promise<Response> {
    if (relay !== undefined) return relay(request, caller);
    const message = 'this hub passes nothing on; GET /v1/chain says where its chain answers';
    return reject('not-found', message);
  }

  async function choose({ request }: Call): Promise<ChainView> {
    const accounts = await readJson(ChainAccounts, request);
    if (hasFunded(hub) && accounts.pool !== settlement.named()) {
      const message = `jobs of this grid are paid from the pool ${settlement.named()}: use another data directory for another pool`;
      return reject('chain-wrong', message);
    }
    return must(await settlement.choose(accounts));
  }

  return [
    anyone(
      `POST ${CHAIN_PATH}`,
      {
        does: 'Passes a call of JSON-RPC on to the development chain of this hub.',
        body: json({ JsonRpc }),
        answers: { 200: json({ JsonRpc }) },
        cost: 2,
      },
      passOn,
    ),
    anyone(
      'GET /v1/chain',
      { does: 'Says which pool the grid settles in.', answers: { 200: json({ ChainView }) } },
      async () => must(await settlement.view()),
    ),
    operator(
      'POST /v1/chain',
      {
        does: 'Names the pool that the grid settles in; it is checked on the chain.',
        body: json({ ChainAccounts }),
        answers: { 200: json({ ChainView }) },
      },
      choose,
    ),
  ];
}
