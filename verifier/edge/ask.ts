import type * as v from 'valibot';
import { decodeJson } from '#protocol/decode.ts';
import type { HubHttp } from './http.ts';

/** One answer: a page of shards with a digest for each unit, or a verifier's whole log. */
export const ANSWER_BYTES_MAX = 512 * 1024 ** 2;

/** Reads one JSON answer of a hub. Throws when it is refused, or something else than asked for. */
export async function ask<TSchema extends v.GenericSchema>(
  http: HubHttp,
  schema: TSchema,
  path: string,
): Promise<v.InferOutput<TSchema>> {
  const body = await http.get(path, { bytesMax: ANSWER_BYTES_MAX });
  const decoded = decodeJson(schema, body.toString('utf8'));
  if (decoded.ok) return decoded.value;
  throw new Error(`the hub answered ${path} with something else: ${decoded.refusal.message}`);
}
