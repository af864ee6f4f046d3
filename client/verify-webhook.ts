import * as v from 'valibot';
import { WEBHOOK_SECRET_PREFIX, WebhookMessage } from '#protocol/api/webhooks.ts';
import { decodeBase64 } from '#protocol/bytes/base64.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';

/** How far the clock of the hub may be off, so that nobody sends an old message again. */
const TOLERANCE_SECONDS = 300;
const Sent = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  timestamp: v.pipe(v.string(), v.regex(/^\d{1,12}$/)),
  signature: v.string(),
});

/** A message as it came: the body byte for byte, before anything parses it. */
export interface Delivery {
  headers: Headers | Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/**
 * Checks by the secret of a webhook that a message comes from its hub, within five minutes, and
 * gives what it says (Standard Webhooks). `webhook-id` is the same where a message comes twice.
 */
export async function verifyWebhook(
  secret: string,
  { headers, body }: Delivery,
  now = Date.now(),
): Promise<Result<WebhookMessage>> {
  const read = (name: string) =>
    headers instanceof Headers ? (headers.get(name) ?? undefined) : headers[name];
  const names = {
    id: 'webhook-id',
    timestamp: 'webhook-timestamp',
    signature: 'webhook-signature',
  };
  const given = Object.entries(names).map(([field, name]) => [field, read(name)]);
  const sent = v.safeParse(Sent, Object.fromEntries(given));
  if (!sent.success) {
    const message = `expected the headers ${Object.values(names).join(', ')}; is this a message of a webhook?`;
    return refuse('message-malformed', message);
  }
  const { id, timestamp, signature } = sent.output;
  if (Math.abs(now / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    const message = `the message was signed at another time (${timestamp}); set the clock, or drop it`;
    return refuse('signature-wrong', message);
  }
  const key = await importSecret(secret);
  if (!key.ok) return key;
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const one of signature.split(' ')) {
    const [version, text = ''] = one.split(',');
    const mac = version === 'v1' ? decodeBase64(text) : undefined;
    if (mac?.ok && (await crypto.subtle.verify('HMAC', key.value, mac.value, signed))) {
      return decodeJson(WebhookMessage, body);
    }
  }
  const message = 'no signature of the message is by this secret; drop it, or look for the secret';
  return refuse('signature-wrong', message);
}

async function importSecret(secret: string): Promise<Result<CryptoKey>> {
  const isWhole = secret.startsWith(WEBHOOK_SECRET_PREFIX);
  const bytes = decodeBase64(secret.slice(isWhole ? WEBHOOK_SECRET_PREFIX.length : 0));
  if (!bytes.ok || bytes.value.length === 0) {
    return refuse('request-invalid', 'expected the secret of a webhook: whsec_ and base64');
  }
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  return {
    ok: true,
    value: await crypto.subtle.importKey('raw', bytes.value, hmac, false, ['verify']),
  };
}
