import { readEvidence } from '#client/bans.ts';
import { openClient, type Send } from '#client/client.ts';
import type { ReceiptPage } from '#protocol/api/api.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { type Instant, instant } from '#protocol/values/units.ts';
import type { Signer } from './signer.ts';

/** The receipt that this device is banned for, with the verdicts on it: anyone can replay it. */
export async function askEvidence(
  hub: URL,
  signer: Signer,
  { now = instant(Date.now()), send }: { now?: Instant; send?: Send | undefined } = {},
): Promise<Result<ReceiptPage>> {
  const record = { device: signer.key, at: now };
  const signature = await signer.sign('evidence', record);
  const client = openClient({ hub, ...(send === undefined ? {} : { send }) });
  return readEvidence(client, { record, signature });
}
