import { setImmediate } from 'node:timers/promises';
import type { ReceiptPage } from '#protocol/api/api.ts';
import { REFERENCE_LANE } from '#protocol/models/package.ts';
import { RUNTIME_BUILD } from '#protocol/models/runtime-build.ts';
import type { Receipt, SignedTreeHead } from '#protocol/records/records.ts';
import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { mayReadVerdict } from '../../../core/hub.ts';
import type { ReceiptParts } from '../../store/port.ts';
import { reject } from '../answer.ts';
import { readPage } from '../query.ts';
import type { ApiPorts, Call } from '../route.ts';

/** How many receipts a page has. */
export const RECEIPT_PAGE = { most: 1_000 };
/** Signatures between two turns of the event loop: about 2 ms, so that devices do not wait. */
const RECEIPTS_A_TURN = 16;
const RUNTIME = `${REFERENCE_LANE.runtime} ${RUNTIME_BUILD.version} sha256:${RUNTIME_BUILD.wasm.sha256}`;

/** Receipts of a job by first unit, against one tree head; without withheld verdicts. */
export async function readReceipts(
  ports: ApiPorts,
  { query }: Call,
  job: JobId,
): Promise<ReceiptPage> {
  const { from, limit } = readPage(query, 'from', RECEIPT_PAGE);
  const found = await ports.store.receipts(job, from, limit);
  const head = ports.commitments.head();
  const receipts: Receipt[] = [];
  for (const [place, parts] of found.entries()) {
    if (place % RECEIPTS_A_TURN === 0) await setImmediate();
    receipts.push(await signReceipt(ports, head, parts));
  }
  return { receipts };
}

/** The receipt of one shard, void or not, with all that verifiers said of it. */
export async function readReceipt(ports: ApiPorts, lease: LeaseId): Promise<Receipt> {
  const parts = await ports.store.receipt(lease);
  if (parts === undefined) return reject('lease-unknown', `no accepted shard came from ${lease}`);
  return signReceipt(ports, ports.commitments.head(), parts);
}

async function signReceipt(
  { commitments, hub, hubKey, sign }: ApiPorts,
  head: SignedTreeHead,
  parts: ReceiptParts,
): Promise<Receipt> {
  const entry = must(await commitments.inclusion(parts.log.index, head.head.size));
  const verdicts = parts.verdicts.filter((signed) => mayReadVerdict(hub, signed));
  const inclusion = { position: entry.position, path: entry.path };
  const record = { ...parts, verdicts, hub: hubKey, inclusion, head, runtime: RUNTIME };
  return { ...record, signature: sign('receipt', record) };
}
