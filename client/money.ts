import { JobView } from '#protocol/api/job.ts';
import {
  type Address,
  type ChainAccounts,
  ChainView,
  type PayoutRequest,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { CallOptions, HubClient } from './client.ts';
import { once } from './once.ts';

/** Which chain and pool this grid settles in; `chain-missing` where it pays nothing. */
export const readChain = (hub: HubClient, options?: CallOptions) =>
  hub.ask(ChainView, '/v1/chain', options);

/** Names the pool that this grid settles in; the hub checks it on the chain. */
export const nameChain = (hub: HubClient, accounts: ChainAccounts) =>
  hub.ask(ChainView, '/v1/chain', { method: 'POST', json: accounts });

/** Has the hub read a job's escrow on the chain; then the job may start. */
export const fundJob = (hub: HubClient, { job, poster }: { job: JobId; poster: Address }) =>
  hub.ask(JobView, `/v1/jobs/${job}/fund`, once({ json: { poster } }));

/**
 * Tells the hub that a poster has asked for the rest of an escrow, which it then reads on the
 * chain.
 */
export const noteClosing = (hub: HubClient, job: JobId) =>
  hub.tell(`/v1/jobs/${job}/closing`, { method: 'POST' });

/** Has a device's pay go to an address, by its signature. Telling it twice changes nothing. */
export const linkPayout = (hub: HubClient, request: PayoutRequest, options?: CallOptions) =>
  hub.ask(PayoutView, '/v1/payouts', { ...options, method: 'POST', json: request });
