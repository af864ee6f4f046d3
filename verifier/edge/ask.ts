import { setTimeout } from 'node:timers/promises';
import type * as v from 'valibot';
import { decodeJson } from '#protocol/values/decode.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import type { HubHttp } from './http.ts';

/** One answer: a page of shards with a digest for each unit, or a verifier's whole log. */
export const ANSWER_BYTES_MAX = 512 * 1024 ** 2;

/** How long to wait where a hub says that this address has asked for too much, and how often. */
const PAUSE_MS = 2_000;
const PAUSES_MAX = 100;

/** Reads one JSON answer of a hub. Throws when it is refused, or something else than asked for. */
export async function ask<TSchema extends v.GenericSchema>(
  http: HubHttp,
  schema: TSchema,
  path: string,
): Promise<v.InferOutput<TSchema>> {
  const body = await getPatiently(http, path);
  const decoded = decodeJson(schema, body.toString('utf8'));
  if (decoded.ok) return decoded.value;
  throw new Error(`the hub answered ${path} with something else: ${decoded.refusal.message}`);
}

/** A long log is read faster than a hub gives it to one address. */
async function getPatiently(http: HubHttp, path: string): Promise<Buffer> {
  for (let pauses = 0; ; pauses += 1) {
    try {
      return await http.get(path, { bytesMax: ANSWER_BYTES_MAX });
    } catch (error) {
      const late = error instanceof PocketgridError && error.refusal.code === 'message-rate';
      if (!late || pauses >= PAUSES_MAX) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
}

/** Reads page after page until one leads no further. */
export async function readPages(
  from: number,
  readPage: (after: number) => Promise<number>,
): Promise<void> {
  for (let after = from; ; ) {
    const next = await readPage(after);
    if (next <= after) return;
    after = next;
  }
}
