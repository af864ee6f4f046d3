import { expect, it } from 'vitest';
import type { WebhookView } from '#protocol/api/webhooks.ts';
import type { KeptBatch } from '#protocol/openai/batch.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { instant, millis } from '#protocol/values/units.ts';
import type { Fact } from '../../../core/state/facts.ts';
import { jobCreated, jobId } from '../sample-facts.ts';
import type { StoreWorld } from '../store-world.ts';
import type { NewDelivery } from './events.ts';

const ownerOf = (number: number) => `dev_${String(number).padStart(16, '0')}` as DeveloperId;
const hookOf = (number: number, owner = 1) => ({
  view: {
    ...{ id: `wh_${number}`, owner: ownerOf(owner), url: 'https://a.example/' },
    ...{ events: ['job.done'], createdAt: instant(1), dropped: 0 },
  } as WebhookView,
  secret: `whsec_${number}`,
});
const deliveryOf = (number: number, webhook: number): NewDelivery => ({
  ...{ id: `msg_${number}`, webhook: `wh_${webhook}`, event: 'job.done', body: '{}' },
  at: instant(number),
});
const posted = (number: number, owner: number): Fact => {
  const { record, ...fact } = jobCreated(number);
  return { ...fact, record: { ...record, developer: ownerOf(owner) } };
};
const moved = (number: number, state: Extract<Fact, { type: 'job-moved' }>['state']): Fact => ({
  ...{ type: 'job-moved', job: jobId(number), state, at: instant(10 + number) },
  reason: why('stated', { text: state }),
});
const batchOf = (number: number, status: KeptBatch['view']['status']): KeptBatch => ({
  view: { id: `batch-${number}`, status } as KeptBatch['view'],
  ...{ owner: ownerOf(1), parts: [], wrong: null },
});
const EACH = { ofEach: 2, all: 10 };

/** What every store keeps of webhooks. */
export function checkWebhookStore(open: () => Promise<StoreWorld>): void {
  it('keeps webhooks of keys, and removes them with their deliveries', async () => {
    const { store, reopen } = await open();
    const { webhooks } = store;
    const all = [hookOf(1), hookOf(2, 2), hookOf(3)];
    for (const hook of all) await webhooks.add(hook);
    expect(await webhooks.list()).toEqual(all);
    expect(await webhooks.list(ownerOf(1))).toEqual([all[0], all[2]]);
    await webhooks.put({ ...hookOf(1).view, dropped: 4 });
    await webhooks.enqueue([deliveryOf(1, 3)]);
    await webhooks.remove('wh_3');
    expect(await webhooks.delivery('msg_1')).toBeUndefined();
    await webhooks.enqueue([deliveryOf(2, 3)]);
    expect(await webhooks.delivery('msg_2')).toBeUndefined();
    await store.close();
    const again = await reopen?.();
    const first = { ...hookOf(1), view: { ...hookOf(1).view, dropped: 4 } };
    expect(await again?.webhooks.list()).toEqual(again && [first, all[1]]);
    await again?.close();
  });

  it('finds each move of a job once it is on disk, until it is written that it was seen', async () => {
    const { store, reopen } = await open();
    await store.append([posted(1, 1), posted(2, 2), moved(1, 'quoted')]);
    await store.webhooks.skip();
    await store.webhooks.add(hookOf(1));
    expect((await store.webhooks.happened()).isUnsaid).toBe(false);
    await store.append([moved(1, 'running'), moved(2, 'running')]);
    await store.append([moved(1, 'done')]);
    const seen = await store.webhooks.happened();
    expect(seen.moves).toEqual(
      (['running', 'done'] as const).map((state) => ({
        ...{ job: jobId(1), owner: ownerOf(1), state, at: 11 },
      })),
    );
    await store.close();
    const again = (await reopen?.()) ?? undefined;
    if (again === undefined) return;
    expect((await again.webhooks.happened()).moves).toEqual(seen.moves);
    await again.webhooks.enqueue([deliveryOf(1, 1)], seen);
    expect((await again.webhooks.happened()).moves).toEqual([]);
    expect(await again.webhooks.waiting('wh_1')).toBe(1);
    await again.close();
  });

  it('finds each batch once it has ended, those as well that were open before', async () => {
    const { store } = await open();
    const { webhooks, batches } = store;
    await batches.put(batchOf(1, 'in_progress'));
    await batches.put(batchOf(2, 'completed'));
    await webhooks.skip();
    await webhooks.add(hookOf(1));
    for (const number of [3, 4]) await batches.put(batchOf(number, 'in_progress'));
    await batches.put(batchOf(3, 'failed'));
    const endedIds = async () => {
      const seen = await webhooks.happened();
      await webhooks.enqueue([], seen);
      return seen.ended.map(({ view }) => view.id);
    };
    expect(await endedIds()).toEqual(['batch-3']);
    expect(await endedIds()).toEqual([]);
    await batches.put(batchOf(1, 'cancelled'));
    await batches.put(batchOf(4, 'expired'));
    expect((await endedIds()).sort()).toEqual(['batch-1', 'batch-4']);
    expect(await endedIds()).toEqual([]);
    await store.close();
  });

  it('gives what is due, the longest due first and of no webhook too many', async () => {
    const { store } = await open();
    const { webhooks } = store;
    for (const number of [1, 2]) await webhooks.add(hookOf(number));
    const numbers = [1, 2, 3, 4, 5];
    await webhooks.enqueue(numbers.map((number) => deliveryOf(number, number === 4 ? 2 : 1)));
    const dueAt = async (now: number) =>
      (await webhooks.due(instant(now), EACH)).map(({ delivery }) => delivery.id);
    expect(await dueAt(0)).toEqual([]);
    expect(await dueAt(9)).toEqual(['msg_1', 'msg_2', 'msg_4']);
    expect(await webhooks.queue()).toEqual({ waiting: 5, since: 1 });
    const failed = { at: instant(9), ms: millis(2), status: 500 };
    await webhooks.attempted('msg_1', failed, { state: 'waiting', nextAt: instant(20) });
    const good = { at: instant(9), ms: millis(2), status: 200 };
    await webhooks.attempted('msg_2', good, { state: 'delivered' });
    expect(await dueAt(9)).toEqual(['msg_3', 'msg_4', 'msg_5']);
    expect(await webhooks.delivery('msg_1')).toMatchObject({ nextAt: 20, attempts: [failed] });
    await webhooks.attempted('msg_1', good, { state: 'delivered' });
    const { attempts, nextAt, state } = (await webhooks.delivery('msg_1')) ?? {};
    expect([attempts, nextAt, state]).toEqual([[failed, good], undefined, 'delivered']);
    const listed = await webhooks.deliveries('wh_1', 5, 2);
    expect(listed.map(({ id }) => id)).toEqual(['msg_3', 'msg_2']);
    await webhooks.prune(3);
    const left = await webhooks.deliveries('wh_1', 1e9, 9);
    expect(left.map(({ id }) => id)).toEqual(['msg_5', 'msg_3', 'msg_2']);
    await webhooks.prune(0);
    expect(await webhooks.waiting('wh_1')).toBe(2);
    await store.close();
  });
}
