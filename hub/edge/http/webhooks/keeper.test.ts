import { expect, it } from 'vitest';
import type { WebhookView } from '#protocol/api/webhooks.ts';
import { why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import type { Hub } from '../../../core/hub.ts';
import type { Fact } from '../../../core/state/facts.ts';
import { openLog } from '../../process/log.ts';
import { jobCreated, jobId } from '../../store/sample-facts.ts';
import { openMemoryStore } from '../../store/store.ts';
import { openFakeReceiver } from './fake-receiver.ts';
import { openWebhookKeeper, WAITING_MAX } from './keeper.ts';

const { record, inputDigests } = jobCreated(1);
const owner = record.developer;
const quoted: Fact = {
  ...{ type: 'job-moved', job: jobId(1), state: 'quoted', at: instant(9_000) },
  reason: why('posted', {}),
};

it('a webhook that never answers holds no other up, and what waits for it is bounded', async () => {
  const store = await openMemoryStore();
  const [deaf, good] = [await openFakeReceiver(), await openFakeReceiver()];
  deaf.answer = 'nothing';
  for (const [id, { url }] of Object.entries({ wh_deaf: deaf, wh_good: good })) {
    const view: WebhookView = {
      ...{ id, owner, url, events: ['job.quoted'], createdAt: instant(0), dropped: 0 },
    };
    await store.webhooks.add({ view, secret: 'whsec_AAAA' });
  }
  await store.keys.put('1'.repeat(64), {
    ...{ id: owner, name: 'holder', role: 'developer', access: 'write', createdAt: instant(0) },
  });
  await store.append([{ type: 'job-created', record, inputDigests }]);
  const beyond = 40;
  await store.append(new Array<Fact>(WAITING_MAX + beyond).fill(quoted));
  const job = { record, acceptedUnits: 0, failedItems: 0 };
  const keeper = openWebhookKeeper({
    hub: { jobs: new Map([[jobId(1), job]]) } as unknown as Hub,
    ...{ store, log: openLog('silent'), clock: () => instant(10_000) },
    rules: { isPrivate: true, resolve: async () => [] },
  });
  const droppedBy = async () =>
    (await store.webhooks.list()).map(({ view }) => [view.id, view.dropped]);
  await expect.poll(() => good.received.length, { timeout: 20_000 }).toBeGreaterThan(50);
  await expect.poll(droppedBy, { timeout: 20_000 }).toContainEqual(['wh_deaf', beyond]);
  expect(await store.webhooks.waiting('wh_deaf')).toBe(WAITING_MAX);
  expect(deaf.received).toHaveLength(2);
  await keeper.close();
  // What was cut off by the end of the hub has not failed.
  const [first] = await store.webhooks.deliveries('wh_deaf', 3, 1);
  expect(first).toMatchObject({ state: 'waiting', attempts: [] });
  await Promise.all([deaf.close(), good.close(), store.close()]);
});
