import { ApiError, ReceiptPage } from '#protocol/api/api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';
import { type Instant, instant } from '#protocol/values/units.ts';
import type { Signer } from './signer.ts';

const CALL_MS_MAX = 30_000;

/** The receipt that this device is banned for, with the verdicts on it: anyone can replay it. */
export async function askEvidence(
  hub: URL,
  signer: Signer,
  now: Instant = instant(Date.now()),
): Promise<Result<ReceiptPage>> {
  const record = { device: signer.key, at: now };
  const signature = await signer.sign('evidence', record);
  const body = JSON.stringify({ record, signature });
  let status: number;
  let answer: unknown;
  try {
    const signal = AbortSignal.timeout(CALL_MS_MAX);
    const response = await fetch(new URL('/v1/evidence', hub), { method: 'POST', body, signal });
    status = response.status;
    answer = await response.json();
  } catch {
    return refuse('download-failed', 'the hub did not answer; try again when it does');
  }
  const page = decodeWith(ReceiptPage, answer);
  if (page.ok) return page;
  const refused = decodeWith(ApiError, answer);
  if (refused.ok) return { ok: false, refusal: refused.value.error };
  return refuse('internal', `the hub answered ${status} without a reason; look at its log`);
}
