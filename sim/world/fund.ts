import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { lamports } from '#protocol/values/units.ts';
import type { Clock } from './clock.ts';
import type { HubNode } from './hub-node.ts';

/** Funds a job with a price as soon as it has its quote. */
export function fund(clock: Clock, hub: HubNode, job: JobId): void {
  const addressOf = (name: string) => encodeBase58(sha256(utf8ToBytes(name))) as Address;
  clock.every(200, () => {
    const view = hub.view(job);
    if (view?.state !== 'quoted' || view.quote === undefined) return view?.funding === undefined;
    const [escrow, poster] = [addressOf(`escrow of ${job}`), addressOf('poster')];
    const amount = lamports(BigInt(view.quote.total));
    const funding = { escrow, escrowIndex: 2, poster, amount, at: clock.now() };
    hub.command({ type: 'fund', job, funding });
    return true;
  });
}
