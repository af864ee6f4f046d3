import { type Funding, FundRequest, PayoutRequest } from '#protocol/settlement/money-api.ts';
import { type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import { fundingOf, payoutOf } from '../../../core/hub.ts';
import type { FoundEscrow } from '../../chain/settlement.ts';
import { answerJson, answerNothing, answerRefusal } from '../answer.ts';
import { readJson } from '../body.ts';
import type { ApiPorts, Call, Route } from '../route.ts';
import { findJob } from './jobs.ts';

/** Longer than a job and the period that pays for it take. */
const REFUND_MS_MIN = 7 * 24 * 3_600_000;
/** Reads of the chain at once that calls may cause. */
const READS_MAX = 16;

/** What moves money: a job's escrow, and where devices want their pay. */
export function moneyRoutes(ports: ApiPorts): Route[] {
  const inBounds = openBounds();
  return [
    {
      method: 'POST',
      path: '/v1/jobs/:job/fund',
      caller: 'developer',
      answer: (call) => inBounds(() => fund(ports, call)),
    },
    {
      method: 'POST',
      path: '/v1/jobs/:job/closing',
      caller: 'anyone',
      cost: 50,
      answer: (call) => inBounds(() => close(ports, call)),
    },
    {
      method: 'POST',
      path: '/v1/payouts',
      caller: 'anyone',
      cost: 50,
      answer: (call) => linkPayout(ports, call),
    },
  ];
}

function openBounds() {
  let reading = 0;
  return async (work: () => Promise<Response>): Promise<Response> => {
    if (reading >= READS_MAX) {
      return answerRefusal(refusal('busy', 'the hub reads the chain for others; ask again'));
    }
    reading += 1;
    try {
      return await work();
    } finally {
      reading -= 1;
    }
  };
}

async function fund(ports: ApiPorts, call: Call): Promise<Response> {
  const job = findJob(ports, call);
  if (!job.ok) return answerRefusal(job.refusal);
  const body = await readJson(FundRequest, call.request);
  if (!body.ok) return answerRefusal(body.refusal);
  const { poster } = body.value;
  const found = await ports.settlement.escrow({ job: job.value.id, poster });
  if (!found.ok) return answerRefusal(found.refusal);
  const usable = checkEscrow(found.value, Date.now());
  if (!usable.ok) return answerRefusal(usable.refusal);
  const funding: Funding = { ...usable.value, poster, at: instant(Date.now()) };
  const result = await ports.loop.command({ type: 'fund', job: job.value.id, funding });
  return result.ok ? answerJson(result.value) : answerRefusal(result.refusal);
}

/** What of an escrow can pay for a job that begins now. */
function checkEscrow(
  { address, escrow }: FoundEscrow,
  now: number,
): Result<Pick<Funding, 'escrow' | 'escrowIndex' | 'amount'>> {
  if (escrow.requested > 0n) {
    const message = `the poster has asked for the rest of the escrow ${address}: post the job again`;
    return refuse('job-unfunded', message);
  }
  const days = REFUND_MS_MIN / (24 * 3_600_000);
  if (escrow.refundFrom * 1000n < BigInt(now + REFUND_MS_MIN)) {
    const message = `the escrow ${address} can be emptied within ${days} days: post the job again, with a later deadline`;
    return refuse('job-unfunded', message);
  }
  const amount = escrow.deposited - escrow.pulled - escrow.refunded;
  return {
    ok: true,
    value: { escrow: address, escrowIndex: escrow.index, amount: lamports(amount) },
  };
}

async function close(ports: ApiPorts, call: Call): Promise<Response> {
  const job = findJob(ports, call);
  if (!job.ok) return answerRefusal(job.refusal);
  const { id } = job.value;
  const funding = fundingOf(ports.hub, id);
  if (funding === undefined) {
    return answerRefusal(refusal('job-unfunded', 'this job was never funded: nothing is to close'));
  }
  const found = await ports.settlement.escrow({ job: id, poster: funding.poster });
  if (!found.ok) return answerRefusal(found.refusal);
  if (found.value.escrow.requested === 0n) {
    const message = 'the poster has not asked for the rest of the escrow on the chain';
    return answerRefusal(refusal('job-state', message));
  }
  const result = await ports.loop.command({ type: 'close', job: id });
  return result.ok ? answerNothing() : answerRefusal(result.refusal);
}

async function linkPayout({ hub, loop }: ApiPorts, { request }: Call): Promise<Response> {
  const payout = await readJson(PayoutRequest, request);
  if (!payout.ok) return answerRefusal(payout.refusal);
  const result = await loop.command({ type: 'payout', payout: payout.value });
  if (!result.ok) return answerRefusal(result.refusal);
  return answerJson(payoutOf(hub, payout.value.record.device));
}
