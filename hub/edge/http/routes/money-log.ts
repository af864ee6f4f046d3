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
import { accept, type Result, refusal } from '#protocol/values/refusal.ts';
import {
  listBans,
  listClosings,
  listEarning,
  listEnded,
  listPayouts,
  type PageRange,
  viewPay,
} from '../../../core/hub.ts';
import { answerJson, answerRefusal } from '../answer.ts';
import { readCount } from '../query.ts';
import type { ApiPorts, Call, Route } from '../route.ts';

type Paged = (range: PageRange, call: Call) => Response;

/** The facts that the ledger is projected from. */
export const moneyLogRoutes = ({ hub }: ApiPorts): Route[] => [
  route('/v1/log/jobs', 'after', (range) => {
    const jobs = listEnded(hub, range);
    return answerJson({ jobs, next: lastNumber(jobs, range) } satisfies EndedJobPage);
  }),
  route('/v1/log/payouts', 'after', (range) => {
    const payouts = listPayouts(hub, range);
    const last = payouts.at(-1);
    const next = last === undefined ? range.from : last.index + 1;
    return answerJson({ payouts, next } satisfies PayoutPage);
  }),
  route('/v1/log/bans', 'after', (range) => {
    const bans = listBans(hub, range);
    return answerJson({
      bans,
      next: lastNumber(bans, range),
    } satisfies BanPage);
  }),
  route('/v1/log/closings', 'after', (range) => {
    const closings = listClosings(hub, range);
    return answerJson({ closings, next: lastNumber(closings, range) } satisfies ClosingPage);
  }),
  route('/v1/log/jobs/:job/shards', 'from', (range, { param }) => {
    const id = decodeWith(JobId, param('job'), 'job-unknown');
    const page = id.ok ? listEarning(hub, id.value, range) : undefined;
    if (page !== undefined) return answerJson(page satisfies EarningShardPage);
    const message = `no funded job ${param('job')} has ended; GET /v1/log/jobs lists those that have`;
    return answerRefusal(refusal('job-unknown', message));
  }),
  route('/v1/devices/:device/pay', 'from', (range, { param }) => {
    const device = decodeWith(PublicKey, param('device'), 'request-invalid');
    if (!device.ok) return answerRefusal(device.refusal);
    return answerJson(viewPay(hub, device.value, range) satisfies DevicePay);
  }),
];

const lastNumber = (items: readonly { number: number }[], { from }: PageRange): number =>
  items.at(-1)?.number ?? from;

const route = (path: string, from: 'after' | 'from', answer: Paged): Route => ({
  method: 'GET',
  path,
  caller: 'anyone',
  cost: 5,
  answer(call) {
    const range = readRange(call.query, from);
    return range.ok ? answer(range.value, call) : answerRefusal(range.refusal);
  },
});

function readRange(query: URLSearchParams, name: 'after' | 'from'): Result<PageRange> {
  const from = readCount(query, name, { otherwise: 0, most: Number.MAX_SAFE_INTEGER });
  if (!from.ok) return from;
  const limit = readCount(query, 'limit', { otherwise: 100, most: MONEY_PAGE_MAX });
  return limit.ok ? accept({ from: from.value, limit: limit.value }) : limit;
}
