import { verify } from '#node/verify.ts';
import { EvidenceRequest, PardonRequest, type ReceiptPage } from '#protocol/api/api.ts';
import type { BanView } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { refusal } from '#protocol/values/refusal.ts';
import { banOf, ledgerBanOf } from '../../../core/hub.ts';
import { answerJson, answerRefusal } from '../answer.ts';
import { readJson } from '../body.ts';
import type { ApiPorts, Call, Route } from '../route.ts';
import { readReceipt } from './receipts.ts';

/** How far a device's clock may be off when it signs. */
const CLOCK_MS = 600_000;

/** What a device is banned for, and how an operator lifts a ban. */
export const banRoutes = (ports: ApiPorts): Route[] => [
  {
    method: 'POST',
    path: '/v1/evidence',
    caller: 'anyone',
    cost: 50,
    answer: (call) => readEvidence(ports, call),
  },
  {
    method: 'POST',
    path: '/v1/devices/:key/pardon',
    caller: 'developer',
    answer: (call) => pardon(ports, call),
  },
];

/** Only the device itself has it: whoever reads a receipt can read the inputs of its whole job. */
async function readEvidence(ports: ApiPorts, { request }: Call): Promise<Response> {
  const body = await readJson(EvidenceRequest, request);
  if (!body.ok) return answerRefusal(body.refusal);
  const { record, signature } = body.value;
  const { device, at } = record;
  if (!verify({ key: device, context: 'evidence', record, signature })) {
    const message = 'evidence is asked for by the device that it is about, with its signature';
    return answerRefusal(refusal('signature-wrong', message));
  }
  if (Math.abs(Date.now() - at) > CLOCK_MS) {
    const message = 'this was signed at another time; set the clock';
    return answerRefusal(refusal('request-invalid', message, 'at'));
  }
  const work = banOf(ports.hub, device)?.work;
  if (work === undefined) {
    const message = 'no unit is on record for which this device is banned';
    return answerRefusal(refusal('ban-unknown', message));
  }
  const receipt = await readReceipt(ports, work.lease);
  if (!receipt.ok) return answerRefusal(receipt.refusal);
  return answerJson({ receipts: [receipt.value] } satisfies ReceiptPage);
}

async function pardon({ loop, hub }: ApiPorts, { request, param }: Call): Promise<Response> {
  const device = decodeWith(PublicKey, param('key'), 'request-invalid');
  if (!device.ok) return answerRefusal(device.refusal);
  const body = await readJson(PardonRequest, request);
  if (!body.ok) return answerRefusal(body.refusal);
  const { reason } = body.value;
  const result = await loop.command({ type: 'pardon', device: device.value, reason });
  if (!result.ok) return answerRefusal(result.refusal);
  return answerJson(ledgerBanOf(hub, device.value) satisfies BanView | undefined);
}
