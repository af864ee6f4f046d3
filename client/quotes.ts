import { Estimate, type QuoteRequest } from '#protocol/api/quotes.ts';
import type { CallOptions, HubClient } from './client.ts';

/** What a job of a model of the hub would cost and take, and whether it is possible now. */
export const estimateJob = (hub: HubClient, request: QuoteRequest, options?: CallOptions) =>
  hub.ask(Estimate, '/v1/quotes', { ...options, method: 'POST', json: request });
