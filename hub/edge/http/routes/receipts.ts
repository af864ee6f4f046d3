import { setImmediate } from 'node:timers/promises';
import type { JobView } from '#protocol/api/job.ts';
import { REFERENCE_LANE } from '#protocol/models/package.ts';
import { RUNTIME_BUILD } from '#protocol/models/runtime-build.ts';
import type { Receipt, SignedTreeHead } from '#protocol/records/records.ts';
import type { LeaseId } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { mayReadVerdict } from '../../../core/hub.ts';
import type { ReceiptParts } from '../../store/port.ts';
import { answerJson, answerRefusal } from '../answer.ts';
import { readCount } from '../query.ts';
import type { ApiPorts, Call } from '../route.ts';

const RECEIPTS_MAX = 1_000;
/** Signatures between two turns of the event loop: about 2 ms, so that devices do not wait. */
const RECEIPTS_A_TURN = 16;
const RUNTIME = `${REFERENCE_LANE.runtime} ${RUNTIME_BUILD.version} sha256:${RUNTIME_BUILD.wasm.sha256}`;

/** Receipts of a job by first unit, against one tree head; without withheld verdicts. */
export async function readReceipts(ports: ApiPorts, call: Call, job: JobView): Promise<Response> {
  const { query } = call;
  const from = readCount(query, 'from', { otherwise: 0, most: Number.MAX_SAFE_INTEGER });
  if (!from.ok) return answerRefusal(from.refusal);
  const limit = readCount(query, 'limit', { otherwise: RECEIPTS_MAX, most: RECEIPTS_MAX });
  if (!limit.ok) return answerRefusal(limit.refusal);
  const found = await ports.store.receipts(job.id, from.value, limit.value);
  const head = ports.commitments.head();
  const receipts: Receipt[] = [];
  for (const [place, parts] of found.entries()) {
    if (place % RECEIPTS_A_TURN === 0) await setImmediate();
    const receipt = await signReceipt(ports, head, parts);
    if (!receipt.ok) return answerRefusal(receipt.refusal);
    receipts.push(receipt.value);
  }
  return answerJson({ receipts });
}

/** The receipt of one shard, void or not, with all that verifiers said of it. */
export async function readReceipt(ports: ApiPorts, lease: LeaseId): Promise<Result<Receipt>> {
  const parts = await ports.store.receipt(lease);
  if (parts === undefined) return refuse('lease-unknown', `no accepted shard came from ${lease}`);
  return signReceipt(ports, ports.commitments.head(), parts);
}

async function signReceipt(
  { commitments, hub, hubKey, sign }: ApiPorts,
  head: SignedTreeHead,
  parts: ReceiptParts,
): Promise<Result<Receipt>> {
  const found = await commitments.inclusion(parts.log.index, head.head.size);
  if (!found.ok) return found;
  const { position, path } = found.value;
  const verdicts = parts.verdicts.filter((signed) => mayReadVerdict(hub, signed));
  const inclusion = { position, path };
  const record = { ...parts, verdicts, hub: hubKey, inclusion, head, runtime: RUNTIME };
  return accept({ ...record, signature: sign('receipt', record) });
}
