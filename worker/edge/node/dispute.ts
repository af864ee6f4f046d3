import { ApiError, DisputeView } from '#protocol/api.ts';
import { decodeWith } from '#protocol/decode.ts';
import { instant } from '#protocol/units.ts';
import type { Signer } from '../signer.ts';

const CALL_MS_MAX = 30_000;

/** Disputes the newest conviction of a device, or says how far that has come; a line for a terminal. */
export async function disputeConviction(
  hub: URL,
  signer: Signer,
  now = Date.now(),
): Promise<string> {
  const known = await call(new URL(`/v1/disputes/${signer.key}`, hub));
  if (typeof known === 'string' || known.state !== 'none') return describeDispute(known);
  const record = { device: signer.key, at: instant(now) };
  const signature = await signer.sign('dispute', record);
  const body = JSON.stringify({ record, signature });
  return describeDispute(await call(new URL('/v1/disputes', hub), { method: 'POST', body }));
}

async function call(url: URL, init: RequestInit = {}): Promise<DisputeView | string> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_MS_MAX) });
  const answer: unknown = await response.json();
  const view = decodeWith(DisputeView, answer);
  if (view.ok) return view.value;
  const refused = decodeWith(ApiError, answer);
  return refused.ok ? refused.value.error.message : `${url} answered ${response.status}`;
}

function describeDispute(found: DisputeView | string): string {
  if (typeof found === 'string') return `no dispute: ${found}`;
  const { state, job = '', unit = 0, against = 0, inFavour = 0 } = found;
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
