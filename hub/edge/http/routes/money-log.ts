import {
  BanPage,
  ClosingPage,
  DevicePay,
  EarningShardPage,
  EndedJobPage,
  MONEY_PAGE_MAX,
  PayoutPage,
} from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { JobId, PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { endedJobOf, type PageRange } from '../../../core/hub.ts';
import { readEarned, readEarning, readEndedJobs } from '../../store/money-lists.ts';
import { reject } from '../answer.ts';
import { json, type Named, pageFields } from '../describe.ts';
import { readPage } from '../query.ts';
import { type ApiPorts, anyone, type Call, type Route } from '../route.ts';

/** The facts that the ledger is projected from. */
export const moneyLogRoutes = ({ hub, store }: ApiPorts): Route[] => [
  page(
    'GET /v1/log/jobs',
    { does: 'Reads funded jobs that have ended.', from: 'after', gives: { EndedJobPage } },
    async (range): Promise<EndedJobPage> => {
      const jobs = await readEndedJobs({ hub, store }, range);
      return { jobs, next: lastNumber(jobs, range) };
    },
  ),
  page(
    'GET /v1/log/payouts',
    { does: 'Reads where devices want their pay.', from: 'after', gives: { PayoutPage } },
    async (range): Promise<PayoutPage> => {
      const payouts = await store.payouts(range.from, range.limit);
      const last = payouts.at(-1);
      return { payouts, next: last === undefined ? range.from : last.index + 1 };
    },
  ),
  page(
    'GET /v1/log/bans',
    { does: 'Reads bans and their pardons.', from: 'after', gives: { BanPage } },
    async (range): Promise<BanPage> => {
      const bans = await store.bans(range.from, range.limit);
      return { bans, next: lastNumber(bans, range) };
    },
  ),
  page(
    'GET /v1/log/closings',
    {
      does: 'Reads jobs whose poster asked for the rest of their escrow.',
      from: 'after',
      gives: { ClosingPage },
    },
    async (range): Promise<ClosingPage> => {
      const closings = await store.closings(range.from, range.limit);
      return { closings, next: lastNumber(closings, range) };
    },
  ),
  page(
    'GET /v1/log/jobs/:job/shards',
    {
      does: 'Reads the shards that count of a funded job that has ended.',
      from: 'from',
      gives: { EarningShardPage },
    },
    async (range, { param }): Promise<EarningShardPage> => {
      const id = decodeWith(JobId, param('job'), 'job-unknown');
      const found = id.ok ? await readEarning({ hub, store }, id.value, range) : undefined;
      if (found !== undefined) return { shards: found, next: nextSequence(found, range) };
      const message = `no funded job ${param('job')} has ended; GET /v1/log/jobs lists those that have`;
      return reject('job-unknown', message);
    },
  ),
  page(
    'GET /v1/devices/:device/pay',
    {
      does: 'Reads all of these facts that concern the pay of one device.',
      from: 'from',
      gives: { DevicePay },
    },
    (range, { param }) => readPay({ hub, store }, param('device'), range),
  ),
];

async function readPay(
  { hub, store }: Pick<ApiPorts, 'hub' | 'store'>,
  text: string,
  range: PageRange,
): Promise<DevicePay> {
  const device = must(decodeWith(PublicKey, text, 'request-invalid'));
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
}

const nextSequence = (shards: readonly { sequence: number }[], { from }: PageRange): number => {
  const last = shards.at(-1);
  return last === undefined ? from : last.sequence + 1;
};

const lastNumber = (items: readonly { number: number }[], { from }: PageRange): number =>
  items.at(-1)?.number ?? from;

const BOUNDS = { otherwise: 100, most: MONEY_PAGE_MAX };

const page = (
  place: string,
  { does, from, gives }: { does: string; from: 'after' | 'from'; gives: Named },
  answer: (range: PageRange, call: Call) => object | Promise<object>,
): Route =>
  anyone(
    place,
    { does, query: pageFields(from, BOUNDS), answers: { 200: json(gives) }, cost: 5 },
    (call) => answer(readPage(call.query, from, BOUNDS), call),
  );
