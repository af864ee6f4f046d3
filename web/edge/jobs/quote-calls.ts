import { estimateJob } from '#client/quotes.ts';
import type { QuoteRequest } from '#protocol/api/quotes.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import { ASSURANCES, type QuoteChoice } from '../../core/quote-view.ts';
import { openHub } from '../hub.ts';

/** What pages ask of the price and time of jobs that are not posted. */
export const quoteCalls = {
  /** One quote for each assurance; the first refusal ends it. */
  async compareQuotes(key: string, request: QuoteRequest): Promise<Result<readonly QuoteChoice[]>> {
    const hub = openHub(key);
    const choices: QuoteChoice[] = [];
    for (const assurance of ASSURANCES) {
      const found = await estimateJob(hub, { ...request, assurance });
      if (!found.ok) return found;
      choices.push({ assurance, estimate: found.value });
    }
    return accept(choices);
  },
};
