import type * as v from 'valibot';
import { readFirst } from '#client/body.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { reject } from './answer.ts';

const JSON_BYTES_MAX = 4096;

/** A short JSON body as its schema has it. */
export async function readJson<TSchema extends v.GenericSchema>(
  schema: TSchema,
  request: Request,
): Promise<v.InferOutput<TSchema>> {
  const { bytes, isCut } = await readFirst(request, JSON_BYTES_MAX);
  if (isCut) return reject('message-too-long', `send at most ${JSON_BYTES_MAX} bytes`);
  return must(decodeJson(schema, new TextDecoder().decode(bytes), 'request-invalid'));
}
