import { ApiError, DisputeView } from '#protocol/api.ts';
import { decodeWith } from '#protocol/decode.ts';
import { type Result, refuse } from '#protocol/refusal.ts';
import { type Instant, instant } from '#protocol/units.ts';
import type { Signer } from './signer.ts';

const CALL_MS_MAX = 30_000;

/** Disputes the newest conviction of a device, or says how far that has come. */
export async function disputeConviction(
  hub: URL,
  signer: Signer,
  now: Instant = instant(Date.now()),
): Promise<Result<DisputeView>> {
  const known = await call(new URL(`/v1/disputes/${signer.key}`, hub));
  if (!known.ok || known.value.state !== 'none') return known;
  const record = { device: signer.key, at: now };
  const signature = await signer.sign('dispute', record);
  const body = JSON.stringify({ record, signature });
  return call(new URL('/v1/disputes', hub), { method: 'POST', body });
}

async function call(url: URL, init: RequestInit = {}): Promise<Result<DisputeView>> {
  let status: number;
  let answer: unknown;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_MS_MAX) });
    status = response.status;
    answer = await response.json();
  } catch {
    return refuse('download-failed', 'the hub did not answer; try again when it does');
  }
  const view = decodeWith(DisputeView, answer);
  if (view.ok) return view;
  const refused = decodeWith(ApiError, answer);
  if (refused.ok) return { ok: false, refusal: refused.value.error };
  return refuse('internal', `the hub answered ${status} without a reason; look at its log`);
}

/** A line for a terminal. */
export function describeDispute(found: Result<DisputeView>): string {
  if (!found.ok) return `no dispute: ${found.refusal.message}`;
  const { state, job = '', unit = 0, against = 0, inFavour = 0 } = found.value;
  const said = `unit ${unit} of ${job}: ${against} found it wrong, ${inFavour} right`;
  switch (state) {
    case 'none':
    case 'open':
      return `open; verifiers that had not spoken look at ${said}`;
    case 'upheld':
      return `upheld; ${said}`;
    case 'overturned':
      return `overturned; ${said}. This device may work again`;
  }
}
