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
import {
  listBans,
  listClosings,
  listEarning,
  listEnded,
  listPayouts,
  type PageRange,
  viewPay,
} from '../../../core/hub.ts';
import { reject } from '../answer.ts';
import { readPage } from '../query.ts';
import { type ApiPorts, anyone, type Call, type Route } from '../route.ts';

/** The facts that the ledger is projected from. */
export const moneyLogRoutes = ({ hub }: ApiPorts): Route[] => [
  page('/v1/log/jobs', 'after', (range): EndedJobPage => {
    const jobs = listEnded(hub, range);
    return { jobs, next: lastNumber(jobs, range) };
  }),
  page('/v1/log/payouts', 'after', (range): PayoutPage => {
    const payouts = listPayouts(hub, range);
    const last = payouts.at(-1);
    return { payouts, next: last === undefined ? range.from : last.index + 1 };
  }),
  page('/v1/log/bans', 'after', (range): BanPage => {
    const bans = listBans(hub, range);
    return { bans, next: lastNumber(bans, range) };
  }),
  page('/v1/log/closings', 'after', (range): ClosingPage => {
    const closings = listClosings(hub, range);
    return { closings, next: lastNumber(closings, range) };
  }),
  page('/v1/log/jobs/:job/shards', 'from', (range, { param }): EarningShardPage => {
    const id = decodeWith(JobId, param('job'), 'job-unknown');
    const found = id.ok ? listEarning(hub, id.value, range) : undefined;
    if (found !== undefined) return found;
    const message = `no funded job ${param('job')} has ended; GET /v1/log/jobs lists those that have`;
    return reject('job-unknown', message);
  }),
  page('/v1/devices/:device/pay', 'from', (range, { param }): DevicePay => {
    const device = must(decodeWith(PublicKey, param('device'), 'request-invalid'));
    return viewPay(hub, device, range);
  }),
];

const lastNumber = (items: readonly { number: number }[], { from }: PageRange): number =>
  items.at(-1)?.number ?? from;

const page = (
  path: string,
  from: 'after' | 'from',
  answer: (range: PageRange, call: Call) => object,
): Route => {
  const bounds = { otherwise: 100, most: MONEY_PAGE_MAX };
  return anyone(`GET ${path}`, (call) => answer(readPage(call.query, from, bounds), call), 5);
};
