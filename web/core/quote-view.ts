import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { Assurance } from '#protocol/api/job.ts';
import { type Estimate, QuoteRequest } from '#protocol/api/quotes.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';
import {
  formatCertainty,
  formatMillis,
  formatPrice,
  formatSentence,
  formatShare,
} from './format.ts';
import { say } from './language.ts';

/** What a job would cost and take with one assurance. */
export interface QuoteChoice {
  assurance: Assurance;
  estimate: Estimate;
}

/** Assurances from the soonest to the surest: the stops of the slider. */
export const ASSURANCES = Assurance.options;

const WORDS: Readonly<Record<Assurance, MessageDescriptor>> = {
  instant: msg`Results at once, spot-checked`,
  settled: msg`Results when later work vouches for them`,
  full: msg`Results when every unit is checked`,
};

/** What an assurance means for results. */
export const describeAssurance = (assurance: Assurance): string => say(WORDS[assurance]);

/** What is asked for quotes, as typed. */
export interface QuoteForm {
  items: string;
  /** Of the longest text, where the task is one of texts. */
  tokens: string;
  /** Lamports; empty for volunteers. */
  unitPrice: string;
}

/** Turns what was typed into a request for quotes, or says which field is wrong. */
export function decodeQuoteForm(
  form: QuoteForm,
  { model, task }: { model: string; task: TaskName | undefined },
): Result<QuoteRequest> {
  const given = Object.entries(form) as [keyof QuoteForm, string][];
  const wrong = given.find(([, text]) => !/^\s*\d{0,15}\s*$/.test(text));
  if (wrong !== undefined) {
    return refuse('request-invalid', t`Write a whole number, without signs.`, wrong[0]);
  }
  const [items, tokens] = [form.items.trim(), form.tokens.trim()];
  const unitPrice = form.unitPrice.trim().replace(/^0+(?=\d)/, '');
  const request = {
    ...{ model, items: Number(items) },
    ...(task && { task: { name: task } }),
    ...(tokens && { tokens: Number(tokens) }),
    ...(unitPrice && { unitPrice }),
  };
  return decodeWith(QuoteRequest, request, 'request-invalid');
}

/** Price, time and share checked of one choice; what stands in the way where it is not possible. */
export function viewChoice({ estimate: { quote, possible, message } }: QuoteChoice): {
  lines: { label: string; value: string }[];
  problem?: string;
} {
  const problem = possible ? {} : { problem: formatSentence(message) };
  if (quote === undefined) return { lines: [], ...problem };
  const { total, durationMs, checkRate, confidence } = quote;
  const time = durationMs === undefined ? t`not known yet` : t`about ${formatMillis(durationMs)}`;
  return {
    lines: [
      { label: t`Price`, value: formatPrice(total) },
      { label: t`Time`, value: time },
      { label: t`Units checked`, value: formatShare(Math.min(1, checkRate), 1) },
      { label: t`A cheat is caught with`, value: formatCertainty(confidence) },
    ],
    ...problem,
  };
}
