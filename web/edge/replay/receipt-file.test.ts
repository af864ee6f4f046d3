import { expect, test } from 'vitest';
import { sampleReceipt } from '#protocol/records/sample-receipt.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { decodeReceipts, readReceiptFile } from './receipt-file.ts';

const whole = sampleReceipt();
const fileOf = (value: unknown) => new Blob([JSON.stringify(value)]);

test('one receipt or a page of them; altered ones come first', async () => {
  const altered = structuredClone(whole);
  altered.shard.unitCount += 1;
  const read = await readReceiptFile(fileOf({ receipts: [whole, altered] }), whole.hub);
  if (!read.ok) throw new Error(read.refusal.message);
  expect(read.value.map(({ faults }) => faults.length > 0)).toEqual([true, false]);
  const single = await readReceiptFile(fileOf(whole), undefined);
  expect(single).toMatchObject({ ok: true, value: [{ faults: [] }] });
});

test('a receipt of another hub is told by its key', async () => {
  const read = await readReceiptFile(fileOf(whole), 'ab'.repeat(32) as PublicKey);
  if (!read.ok) throw new Error(read.refusal.message);
  expect(read.value[0]?.faults[0]?.fields).toEqual(['hub']);
});

test.each([
  ['no JSON', '{"receipts": ['],
  ['nothing inside', '{"receipts": []}'],
  ['something else', '{"a": 1}'],
  ['a field too few', JSON.stringify({ receipts: [{ ...whole, salt: undefined }] })],
])('%s is refused with a reason', (_, text) => {
  const read = decodeReceipts(text);
  expect(read).toMatchObject({ ok: false, refusal: { code: 'message-malformed' } });
});
