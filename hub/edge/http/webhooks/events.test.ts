import { expect, it } from 'vitest';
import type { WebhookEvent, WebhookView } from '#protocol/api/webhooks.ts';
import type { KeptBatch } from '#protocol/openai/batch.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import type { Job } from '../../../core/hub.ts';
import { jobCreated, jobId } from '../../store/sample-facts.ts';
import type { JobMove } from '../../store/webhooks/events.ts';
import { addressDeliveries, listOccurrences } from './events.ts';

const [ONE, TWO] = ['dev_1', 'dev_2'] as DeveloperId[] as [DeveloperId, DeveloperId];
const move = (state: JobMove['state'], at = 5): JobMove => ({
  ...{ job: jobId(1), owner: ONE, state, at: instant(at) },
});
const jobOf = (more: Partial<Job> = {}) =>
  ({ ...jobCreated(1), acceptedUnits: 3, failedItems: 1, startedAt: instant(5), ...more }) as Job;
const occur = (moves: JobMove[], job = jobOf(), ended: KeptBatch[] = []) =>
  listOccurrences({ moves, ended }, async () => job);
const hook = (owner: DeveloperId, events: WebhookEvent[], more: Partial<WebhookView> = {}) => ({
  secret: 'whsec_',
  view: {
    ...{ id: `wh_${owner}`, url: 'https://a.example/', dropped: 0 },
    ...{ owner, events, createdAt: instant(0), ...more },
  },
});

it('each state of a job that somebody may wait for is an event, a start only the first time', async () => {
  const states = ['quoted', 'running', 'finishing', 'done', 'refused', 'cancelled'] as const;
  const found = await occur([...states.map((state) => move(state)), move('running', 9)]);
  expect(found.map(({ event }) => event)).toEqual([
    ...(['job.quoted', 'job.started', 'job.done', 'job.failed', 'job.cancelled'] as const),
  ]);
  expect(found[2]?.data).toEqual({
    ...{ id: jobId(1), name: jobCreated(1).record.name, state: 'done' },
    ...{ items: 15, units: 8, accepted: 3, failed: 1 },
  });
});

it('a job that was refused says why in two words, without each bad file', async () => {
  const code = 'input-format' as const;
  const files = Array.from({ length: 100 }, (_, at) => ({ name: `${at}`, code, message: 'bad' }));
  const job = jobOf({ refusal: { code, message: 'bad', files } });
  const [failed] = await occur([move('refused')], job);
  expect(failed?.data).toMatchObject({ refusal: { code, message: 'bad' } });
  expect(JSON.stringify(failed?.data).length).toBeLessThan(400);
});

it('a batch that ended is an event of its time', async () => {
  const view = { id: 'batch_1', status: 'expired', expired_at: 7 } as KeptBatch['view'];
  const batch = { view, owner: TWO, parts: [], wrong: null };
  const open = { ...batch, view: { ...view, status: 'in_progress' as const } };
  const found = await occur([], jobOf(), [batch, open]);
  expect(found).toMatchObject([{ event: 'batch.expired', owner: TWO, at: 7_000 }]);
});

it('an event goes to the webhooks of its key that asked for it and were there', async () => {
  const occurrences = await occur([move('done', 5_000)]);
  const idsFor = (...hooks: ReturnType<typeof hook>[]) =>
    addressDeliveries(occurrences, hooks).map(({ webhook }) => webhook);
  expect(idsFor(hook(ONE, ['job.done']), hook(TWO, ['job.done']))).toEqual(['wh_dev_1']);
  expect(idsFor(hook(ONE, ['job.failed']))).toEqual([]);
  expect(idsFor(hook(ONE, ['job.done'], { goneAt: instant(1) }))).toEqual([]);
  expect(idsFor(hook(ONE, ['job.done'], { createdAt: instant(9_000) }))).toEqual([]);
  const [delivery] = addressDeliveries(occurrences, [hook(ONE, ['job.done'])]);
  expect(JSON.parse(delivery?.body ?? '')).toMatchObject({
    type: 'job.done',
    timestamp: '1970-01-01T00:00:05.000Z',
    data: { state: 'done' },
  });
});
