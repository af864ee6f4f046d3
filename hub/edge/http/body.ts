import type * as v from 'valibot';
import { readFirst } from '#client/body.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { reject } from './answer.ts';

const JSON_BYTES_MAX = 4096;
/** For a short body: a form with files has longer. */
const BODY_MS_MAX = 10_000;

/** The first bytes of a short body; refuses one that does not come to its end in time. */
export async function readInTime(
  request: Request,
  most: number,
  limitMs = BODY_MS_MAX,
): ReturnType<typeof readFirst> {
  let late: NodeJS.Timeout | undefined;
  const ended = new Promise<never>((_, refuse) => {
    const message = `send the whole body within ${limitMs / 1_000} s`;
    late = setTimeout(() => refuse(fault('request-invalid', message)), limitMs);
  });
  const reading = readFirst(request, most);
  // Read on in vain, it fails when the connection ends, and nobody waits for it any more.
  reading.catch(() => undefined);
  return Promise.race([reading, ended]).finally(() => clearTimeout(late));
}

/** A short JSON body as its schema has it. */
export async function readJson<TSchema extends v.GenericSchema>(
  schema: TSchema,
  request: Request,
  most = JSON_BYTES_MAX,
): Promise<v.InferOutput<TSchema>> {
  const { bytes, isCut } = await readInTime(request, most);
  if (isCut) return reject('message-too-long', `send at most ${most} bytes`);
  return must(decodeJson(schema, new TextDecoder().decode(bytes), 'request-invalid'));
}
