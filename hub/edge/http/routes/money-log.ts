import {
  type BanPage,
  type ClosingPage,
  type DevicePay,
  type EarningShardPage,
  type EndedJobPage,
  MONEY_PAGE_MAX,
  type PayoutPage,
} from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { JobId, PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { endedJobOf, type PageRange } from '../../../core/hub.ts';
import { readEarned, readEarning, readEndedJobs } from '../../store/money-lists.ts';
import { reject } from '../answer.ts';
import { readPage } from '../query.ts';
import { type ApiPorts, anyone, type Call, type Route } from '../route.ts';

/** The facts that the ledger is projected from. */
export const moneyLogRoutes = ({ hub, store }: ApiPorts): Route[] => [
  page('/v1/log/jobs', 'after', async (range): Promise<EndedJobPage> => {
    const jobs = await readEndedJobs({ hub, store }, range);
    return { jobs, next: lastNumber(jobs, range) };
  }),
  page('/v1/log/payouts', 'after', async (range): Promise<PayoutPage> => {
    const payouts = await store.payouts(range.from, range.limit);
    const last = payouts.at(-1);
    return { payouts, next: last === undefined ? range.from : last.index + 1 };
  }),
  page('/v1/log/bans', 'after', async (range): Promise<BanPage> => {
    const bans = await store.bans(range.from, range.limit);
    return { bans, next: lastNumber(bans, range) };
  }),
  page('/v1/log/closings', 'after', async (range): Promise<ClosingPage> => {
    const closings = await store.closings(range.from, range.limit);
    return { closings, next: lastNumber(closings, range) };
  }),
  page('/v1/log/jobs/:job/shards', 'from', async (range, { param }): Promise<EarningShardPage> => {
    const id = decodeWith(JobId, param('job'), 'job-unknown');
    const found = id.ok ? await readEarning({ hub, store }, id.value, range) : undefined;
    if (found !== undefined) return { shards: found, next: nextSequence(found, range) };
    const message = `no funded job ${param('job')} has ended; GET /v1/log/jobs lists those that have`;
    return reject('job-unknown', message);
  }),
  page('/v1/devices/:device/pay', 'from', async (range, { param }): Promise<DevicePay> => {
    const device = must(decodeWith(PublicKey, param('device'), 'request-invalid'));
    const shards = await readEarned({ hub, store }, device, range);
    const ids = [...new Set(shards.map(({ job }) => job))];
    const jobs = await Promise.all(ids.map((id) => endedJobOf(hub, id) ?? store.endedJob(id)));
    return {
      jobs: jobs.flatMap((job) => job ?? []),
      shards,
      bans: await store.bansOf(device),
      payouts: await store.payoutsOf(device),
      closings: await store.closingsOf(ids),
      next: nextSequence(shards, range),
    };
  }),
];

const nextSequence = (shards: readonly { sequence: number }[], { from }: PageRange): number => {
  const last = shards.at(-1);
  return last === undefined ? from : last.sequence + 1;
};

const lastNumber = (items: readonly { number: number }[], { from }: PageRange): number =>
  items.at(-1)?.number ?? from;

const page = (
  path: string,
  from: 'after' | 'from',
  answer: (range: PageRange, call: Call) => object | Promise<object>,
): Route => {
  const bounds = { otherwise: 100, most: MONEY_PAGE_MAX };
  return anyone(`GET ${path}`, (call) => answer(readPage(call.query, from, bounds), call), 5);
};
