import { createHmac } from 'node:crypto';
import { type DeliveryAttempt, WEBHOOK_SECRET_PREFIX } from '#protocol/api/webhooks.ts';
import { millis } from '#protocol/values/units.ts';
import { callTarget } from './call-target.ts';
import { findTarget, type Target, type TargetRules } from './targets.ts';

/** From the look-up of the name to the status of the answer. */
const ATTEMPT_MS_MAX = 10_000;
const ERROR_LENGTH_MAX = 200;

/** What is sent, and where to. */
export interface Outgoing {
  url: string;
  secret: string;
  id: string;
  body: string;
}

/** `v1,` and the signature of a message by a secret, `whsec_…` (Standard Webhooks). */
export function signWebhook({ secret, id, body }: Omit<Outgoing, 'url'>, seconds: number): string {
  const key = Buffer.from(secret.slice(WEBHOOK_SECRET_PREFIX.length), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${seconds}.${body}`);
  return `v1,${mac.digest('base64')}`;
}

/** Posts a message once. Redirects are not followed, and of the answer only the status is read. */
export async function attemptDelivery(
  outgoing: Outgoing,
  rules: TargetRules,
  { limitMs = ATTEMPT_MS_MAX, stopping }: { limitMs?: number; stopping?: AbortSignal } = {},
): Promise<Omit<DeliveryAttempt, 'at'>> {
  const begun = performance.now();
  const ended = (how: { status: number } | { error: string }) => {
    return { ms: millis(Math.round(performance.now() - begun)), ...how };
  };
  const late = new AbortController();
  const stop = () => late.abort();
  const timer = setTimeout(stop, limitMs);
  stopping?.addEventListener('abort', stop);
  const isLate = new Promise<never>((_, reject) => {
    const why = new Error(`no answer within ${limitMs / 1_000} s`);
    late.signal.addEventListener('abort', () => reject(why));
  });
  try {
    const post = async () => {
      const target = await findTarget(new URL(outgoing.url), rules);
      if (!target.ok) throw new Error(target.refusal.message);
      return postTo(target.value, outgoing, late.signal);
    };
    return ended({ status: await Promise.race([post(), isLate]) });
  } catch (error) {
    const text = error instanceof Error ? error.message || error.name : String(error);
    return ended({ error: text.slice(0, ERROR_LENGTH_MAX) });
  } finally {
    clearTimeout(timer);
    stopping?.removeEventListener('abort', stop);
  }
}

/** The status of the answer. */
async function postTo(target: Target, outgoing: Outgoing, signal: AbortSignal): Promise<number> {
  const seconds = Math.floor(Date.now() / 1_000);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(outgoing.body),
    'webhook-id': outgoing.id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signWebhook(outgoing, seconds),
  };
  const { body } = outgoing;
  const answer = await callTarget(target, { method: 'POST', headers, body, signal });
  answer.destroy();
  return answer.statusCode ?? 0;
}
