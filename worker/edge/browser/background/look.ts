import { type HubClient, openClient } from '#client/client.ts';
import { readGrid } from '#client/grid.ts';
import { readPayPage } from '#client/money-facts.ts';
import { listLeafFiles, readLeafProof } from '#client/settlements.ts';
import type { KeptGrid } from '#protocol/api/grid-view.ts';
import { type BackgroundOrders, GRID_CACHE } from '#protocol/messages/background.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Reason } from '#protocol/values/reason.ts';
import { must } from '#protocol/values/refusal.ts';
import { instant, type Lamports } from '#protocol/values/units.ts';
import { findNews } from '../../../core/news.ts';
import { readKept, writeKept } from './store.ts';

const ANSWER_MS_MAX = 10_000;
/** Past all shards: a page of pay names payouts whatever it begins with. */
const NO_SHARDS = 999_999_999_999_999;

/** What a look at the hub found. */
export interface Look {
  jobsWaiting: number;
  /** What its person wants to be told, and was not. */
  news: Reason[];
}

/** Looks what waits at the hub and what was settled, and keeps it. Throws where the hub is away. */
export async function lookAtHub({ hub: address, wishes, device }: BackgroundOrders): Promise<Look> {
  const hub = openClient({ hub: address, timeoutMs: ANSWER_MS_MAX, retries: 1, patience: 1 });
  const { jobsWaiting, devices } = must(await readGrid(hub));
  await keepGrid({ at: instant(Date.now()), jobsWaiting, devices: devices.length });
  const before = (await readKept('told')) ?? { work: false };
  const settled = wishes.tellsPay && device ? await readSettled(hub, device) : undefined;
  const { news, told } = findNews(wishes, before, { jobsWaiting, settled });
  await writeKept('told', told);
  return { jobsWaiting, news };
}

/** All that was ever settled for a device, by the newest leaves that a verifier left. */
export async function readSettled(
  hub: HubClient,
  device: PublicKey,
): Promise<Lamports | undefined> {
  const [pay, files] = await Promise.all([
    readPayPage(hub, { device, from: NO_SHARDS }),
    listLeafFiles(hub, 1),
  ]);
  const file = files.ok ? files.value[0] : undefined;
  if (!pay.ok || file === undefined) return undefined;
  const { dataHash } = file;
  let settled = 0n;
  for (const { index } of pay.value.payouts) {
    const leaf = await readLeafProof(hub, { dataHash, side: 'claims', index });
    if (leaf.ok) settled += BigInt(leaf.value.cumulative);
  }
  return `${settled}` as Lamports;
}

async function keepGrid(grid: KeptGrid): Promise<void> {
  const cache = await caches.open(GRID_CACHE.name);
  await cache.put(GRID_CACHE.key, new Response(JSON.stringify(grid)));
}
