import { JobView } from '#protocol/api/job.ts';
import {
  type Funding,
  FundRequest,
  PayoutRequest,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import { must } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import type { FoundEscrow } from '../../chain/settlement.ts';
import { reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { checkBudget } from '../budget.ts';
import { json, NOTHING } from '../describe.ts';
import { findJob } from '../job-access.ts';
import { type ApiPorts, anyone, type Call, type KeyCall, type Route, writer } from '../route.ts';

/** Longer than a job and the period that pays for it take. */
const REFUND_MS_MIN = 7 * 24 * 3_600_000;
/** Reads of the chain at once that calls may cause. */
const READS_MAX = 16;

/** What moves money: a job's escrow, and where devices want their pay. */
export function moneyRoutes(ports: ApiPorts): Route[] {
  const inBounds = openBounds();
  return [
    writer(
      'POST /v1/jobs/:job/fund',
      {
        does: 'Funds a job with a price: its escrow is read on the chain.',
        body: json({ FundRequest }),
        answers: { 200: json({ JobView }) },
      },
      (call) => inBounds(() => fund(ports, call)),
    ),
    anyone(
      'POST /v1/jobs/:job/closing',
      {
        does: 'Has the hub look whether the poster of a job asked on the chain for the rest of its escrow.',
        answers: { 204: NOTHING },
        cost: 50,
      },
      (call) => inBounds(() => close(ports, call)),
    ),
    anyone(
      'POST /v1/payouts',
      {
        does: 'Says where a device wants its pay, with its signature.',
        body: json({ PayoutRequest }),
        answers: { 200: json({ PayoutView }) },
        cost: 50,
      },
      (call) => linkPayout(ports, call),
    ),
  ];
}

function openBounds() {
  let reading = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (reading >= READS_MAX) {
      return reject('busy', 'the hub reads the chain for others; ask again');
    }
    reading += 1;
    try {
      return await work();
    } finally {
      reading -= 1;
    }
  };
}

async function fund(ports: ApiPorts, call: KeyCall) {
  const { id: job, developer } = (await findJob(ports, call)).record;
  if (developer === call.key.id) await checkBudget(ports, call.key);
  const { poster } = await readJson(FundRequest, call.request);
  const found = must(await ports.settlement.escrow({ job, poster }));
  const funding: Funding = { ...checkEscrow(found, Date.now()), poster, at: ports.clock() };
  return must(await ports.loop.command({ type: 'fund', job, funding }));
}

/** What of an escrow can pay for a job that begins now. */
function checkEscrow(
  { address, escrow }: FoundEscrow,
  now: number,
): Pick<Funding, 'escrow' | 'escrowIndex' | 'amount'> {
  if (escrow.requested > 0n) {
    const message = `the poster has asked for the rest of the escrow ${address}: post the job again`;
    return reject('job-unfunded', message);
  }
  const days = REFUND_MS_MIN / (24 * 3_600_000);
  if (escrow.refundFrom * 1000n < BigInt(now + REFUND_MS_MIN)) {
    const message = `the escrow ${address} can be emptied within ${days} days: post the job again, with a later deadline`;
    return reject('job-unfunded', message);
  }
  const amount = escrow.deposited - escrow.pulled - escrow.refunded;
  return { escrow: address, escrowIndex: escrow.index, amount: lamports(amount) };
}

async function close(ports: ApiPorts, call: Call): Promise<void> {
  const { record, funding } = await findJob(ports, call);
  const { id } = record;
  if (funding === undefined) {
    return reject('job-unfunded', 'this job was never funded: nothing is to close');
  }
  const { poster } = funding;
  const of = { job: id, poster, commitment: 'finalized' } as const;
  const found = must(await ports.settlement.escrow(of));
  if (found.escrow.requested === 0n) {
    const message = 'the poster has not asked for the rest of the escrow on the chain';
    return reject('job-state', message);
  }
  must(await ports.loop.command({ type: 'close', job: id }));
}

async function linkPayout({ store, loop }: ApiPorts, { request }: Call) {
  const payout = await readJson(PayoutRequest, request);
  must(await loop.command({ type: 'payout', payout }));
  return (await store.payoutsOf(payout.record.device)).at(-1);
}
