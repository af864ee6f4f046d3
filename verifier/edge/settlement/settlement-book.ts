import { join } from 'node:path';
import * as v from 'valibot';
import { readTextIfThere, replaceFile } from '#node/files.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { Digest } from '#protocol/values/ids.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { Count } from '#protocol/values/units.ts';
import type { SignedRoot } from '../../core/settlement/settlement.ts';

const BookFile = v.strictObject({
  signed: v.exactOptional(v.strictObject({ period: Count, attempt: Count, dataHash: Digest })),
  pulled: Count,
});
type BookFile = v.InferOutput<typeof BookFile>;

/** What a verifier keeps of settlement beside leaf files: durable before anything is sent. */
export interface SettlementBook {
  signed(): SignedRoot | undefined;
  /** The last period whose escrows are all pulled. */
  pulled(): number;
  noteSigned(root: SignedRoot): Promise<void>;
  notePulled(period: number): Promise<void>;
}

/** What a verifier has signed and pulled, on disk. */
export async function openSettlementBook(folder: string): Promise<SettlementBook> {
  const file = join(folder, 'settlement.json');
  let book = await readBook(file);
  const save = async (next: BookFile) => {
    await replaceFile(file, JSON.stringify(next));
    book = next;
  };
  return {
    signed: () => book.signed,
    pulled: () => book.pulled,
    noteSigned: (signed) => save({ ...book, signed }),
    notePulled: (pulled) => save({ ...book, pulled }),
  };
}

async function readBook(file: string): Promise<BookFile> {
  const text = await readTextIfThere(file);
  if (text === undefined) return { pulled: 0 };
  const decoded = decodeJson(BookFile, text);
  if (decoded.ok) return decoded.value;
  throw new PocketgridError(decoded.refusal);
}
