import { verify } from '#node/verify.ts';
import { EvidenceRequest, PardonRequest, ReceiptPage } from '#protocol/api/api.ts';
import { BanView } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { json } from '../describe.ts';
import { type ApiPorts, anyone, type Call, operator, type Route } from '../route.ts';
import { readReceipt } from './receipts.ts';

/** How far a device's clock may be off when it signs. */
const CLOCK_MS = 600_000;

/** What a device is banned for, and how an operator lifts a ban. */
export const banRoutes = (ports: ApiPorts): Route[] => [
  anyone(
    'POST /v1/evidence',
    {
      does: 'Reads the receipt of the shard that a device is banned for, asked for with its signature.',
      body: json({ EvidenceRequest }),
      answers: { 200: json({ ReceiptPage }) },
      cost: 50,
    },
    (call) => readEvidence(ports, call),
  ),
  operator(
    'POST /v1/devices/:device/pardon',
    {
      does: 'Lifts the newest ban of a device; the reason is shown in public.',
      body: json({ PardonRequest }),
      answers: { 200: json({ BanView }) },
    },
    (call) => pardon(ports, call),
  ),
];

/** Only the device itself has it: whoever reads a receipt can read the inputs of its whole job. */
async function readEvidence(ports: ApiPorts, { request }: Call): Promise<ReceiptPage> {
  const { record, signature } = await readJson(EvidenceRequest, request);
  const { device, at } = record;
  if (!verify({ key: device, context: 'evidence', record, signature })) {
    const message = 'evidence is asked for by the device that it is about, with its signature';
    return reject('signature-wrong', message);
  }
  if (Math.abs(Date.now() - at) > CLOCK_MS) {
    const message = 'this was signed at another time; set the clock';
    return reject('request-invalid', message, 'at');
  }
  const known = ports.hub.deviceRecords.get(device) ?? (await ports.store.device(device));
  const work = known?.ban?.work;
  if (work === undefined) {
    const message = 'no unit is on record for which this device is banned';
    return reject('ban-unknown', message);
  }
  return { receipts: [await readReceipt(ports, work.lease)] };
}

async function pardon(
  { loop, store }: ApiPorts,
  { request, param }: Call,
): Promise<BanView | undefined> {
  const device = must(decodeWith(PublicKey, param('device'), 'request-invalid'));
  const { reason } = await readJson(PardonRequest, request);
  must(await loop.command({ type: 'pardon', device, reason }));
  return (await store.bansOf(device)).at(-1);
}
