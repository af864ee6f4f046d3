import { t } from '@lingui/core/macro';
import { ReceiptPage } from '#protocol/api/api.ts';
import { checkReceipt, type ReceiptFault } from '#protocol/records/receipt-check.ts';
import type { Receipt } from '#protocol/records/records.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

const FILE_BYTES_MAX = 64 * 1024 * 1024;
const RECEIPTS_MAX = 2_000;

export interface CheckedReceipt {
  receipt: Receipt;
  /** What is wrong with it; empty when every signature and digest holds. */
  faults: readonly ReceiptFault[];
}

/**
 * Reads a receipt, or a file of them as the dashboard saves it, and checks each without asking
 * anyone. Those that do not hold come first. A signature takes about a millisecond and more on a
 * phone, so the page gets a turn after each receipt.
 */
export async function readReceiptFile(
  file: Blob,
  hub: PublicKey | undefined,
): Promise<Result<CheckedReceipt[]>> {
  if (file.size > FILE_BYTES_MAX) {
    return refuse('input-too-big', t`A file of receipts has at most 64 MiB; choose a smaller one.`);
  }
  const receipts = decodeReceipts(await file.text());
  if (!receipts.ok) return receipts;
  const checked: CheckedReceipt[] = [];
  for (const receipt of receipts.value) {
    checked.push({ receipt, faults: checkReceipt(receipt, hub) });
    await new Promise((resolve) => setTimeout(resolve));
  }
  return accept(checked.sort((a, b) => b.faults.length - a.faults.length));
}

/** One receipt, or `{ "receipts": [...] }`. */
export function decodeReceipts(text: string): Result<Receipt[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('message-malformed', t`This file is not JSON, or it was cut off.`);
  }
  const isPage = typeof value === 'object' && value !== null && 'receipts' in value;
  const page = decodeWith(ReceiptPage, isPage ? value : { receipts: [value] });
  if (!page.ok) {
    const message = t`This is no file of receipts: ${page.refusal.message}`;
    return refuse('message-malformed', message, page.refusal.path);
  }
  const { receipts } = page.value;
  if (receipts.length === 0) return refuse('message-malformed', t`This file holds no receipt.`);
  if (receipts.length <= RECEIPTS_MAX) return accept(receipts);
  return refuse('input-too-big', t`A file holds at most ${RECEIPTS_MAX} receipts; split it.`);
}
