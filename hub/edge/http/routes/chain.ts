import { ChainAccounts, type ChainView } from '#protocol/settlement/money-api.ts';
import { must } from '#protocol/values/refusal.ts';
import { hasFunded } from '../../../core/hub.ts';
import { CHAIN_PATH } from '../../chain/open.ts';
import { reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { type ApiPorts, anyone, type Call, operator, type Route } from '../route.ts';

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
    anyone(`POST ${CHAIN_PATH}`, passOn, 2),
    anyone('GET /v1/chain', async () => must(await settlement.view())),
    operator('POST /v1/chain', choose),
  ];
}
