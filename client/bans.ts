import { type EvidenceRequest, ReceiptPage } from '#protocol/api/api.ts';
import { BanView } from '#protocol/settlement/money-api.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { HubClient } from './client.ts';

/** What a device is banned for, by its signature: the receipt with the verdicts on it. */
export const readEvidence = (hub: HubClient, request: EvidenceRequest) =>
  hub.ask(ReceiptPage, '/v1/evidence', { method: 'POST', json: request });

/** Lifts the newest ban of a device, for a reason that everybody reads. Takes an operator's key. */
export const pardonDevice = (
  hub: HubClient,
  { device, reason }: { device: PublicKey; reason: string },
) => hub.ask(BanView, `/v1/devices/${device}/pardon`, { method: 'POST', json: { reason } });
