import { createHash, randomBytes } from 'node:crypto';
import { instant } from '#protocol/values/units.ts';
import { ANSWERS_KEPT_MS, type KeptCall, type NamedCall } from '../store/answers.ts';
import { answerRefusal, answerText, reject } from './answer.ts';
import { type DigestedBody, digestBody } from './body-digest.ts';
import type { ApiPorts, KeyCall } from './route.ts';
import { limitSilence } from './silence.ts';

/** The longest answer that is kept: vectors of the largest request as numbers are about as long. */
const ANSWER_CHARACTERS_MAX = 16 * 1024 ** 2;
/** Of one API key; past that the oldest go. */
const BOUNDS = { count: 5_000, characters: 64 * 1024 ** 2 };
/** Calls with idempotency keys that are in work. */
const IN_WORK_MAX = 1_000;
/** What is read of a body only to compare it: the longest form has three fields of 512 MiB. */
const BODY_BYTES_MAX = 1_600 * 1024 ** 2;

/** Does the work of a call, which throws nothing, once for all calls with its idempotency key. */
export type Repeats = (
  call: KeyCall,
  work: (call: KeyCall) => Promise<Response>,
) => Promise<Response>;

type Ports = Pick<ApiPorts, 'store' | 'clock' | 'uploads'>;

/**
 * Answers a call that is made again under its `Idempotency-Key` as it was answered before, within a
 * day and on the same disk (draft-ietf-httpapi-idempotency-key-header). What succeeded is kept; a
 * refusal did nothing, and frees the key. Where the hub died in the middle the work is done again,
 * with the same ids, so that it finds what it had made.
 */
export function openRepeats(ports: Ports): Repeats {
  const inWork = new Set<string>();
  return async (call, work) => {
    const name = readName(call.request);
    if (name === undefined) return work(call);
    const place = `${call.key.id} ${name}`;
    if (inWork.has(place)) {
      return reject(
        'idempotency-in-work',
        'a call with this Idempotency-Key is in work; ask again for its answer',
      );
    }
    if (inWork.size >= IN_WORK_MAX) {
      return reject('busy', 'many calls with an Idempotency-Key are in work; send it again');
    }
    inWork.add(place);
    try {
      return await answerOnce(ports, { call, name: { owner: call.key.id, name } }, work);
    } finally {
      inWork.delete(place);
    }
  };
}

/** The key of a call: a string of a structured field (RFC 9651), or the same without its quotes. */
function readName({ headers }: Request): string | undefined {
  const text = headers.get('idempotency-key');
  if (text === null) return undefined;
  const [, quoted, bare] =
    /^\s*(?:"([ !#-[\]-~]{1,255})"|([!#-[\]-~]{1,255}))\s*$/.exec(text) ?? [];
  const name = quoted ?? bare;
  if (name !== undefined) return name;
  const message = 'an Idempotency-Key is 1 to 255 characters of ASCII, such as a UUID in quotes';
  return reject('request-invalid', message, 'Idempotency-Key');
}

async function answerOnce(
  ports: Ports,
  { call, name }: { call: KeyCall; name: NamedCall },
  work: (call: KeyCall) => Promise<Response>,
): Promise<Response> {
  const { answers } = ports.store;
  const now = ports.clock();
  const known = await answers.find(name, instant(now - ANSWERS_KEPT_MS));
  const body = digestBody(call.request, readBounded(call.request, ports.uploads.silenceMs));
  if (known?.ended !== undefined) return repeat(known.ended, body);
  const seed = known?.seed ?? randomBytes(16).toString('hex');
  if (known === undefined) await answers.begin(name, seed, now);
  const answer = await work(withBody(call, body, seed));
  if (!answer.ok) {
    await answers.drop(name);
    return answer;
  }
  // A call that takes no body may have brought one.
  await drain(body);
  const text = await answer.text();
  const kept = text.length > ANSWER_CHARACTERS_MAX ? null : text;
  await answers.end(name, { digest: body.digest(), status: answer.status, body: kept }, BOUNDS);
  return new Response(text === '' ? null : text, answer);
}

async function repeat(
  ended: NonNullable<KeptCall['ended']>,
  body: DigestedBody,
): Promise<Response> {
  await drain(body);
  if (body.digest() !== ended.digest) {
    const message =
      'this Idempotency-Key was used for another call or another body; take a new key for a new call';
    return answerRefusal({ code: 'idempotency-reused', message, path: 'Idempotency-Key' });
  }
  if (ended.body === null) {
    const message =
      'the call has succeeded, and its answer was too long to keep; send it with a new Idempotency-Key to do it again';
    return answerRefusal({ code: 'idempotency-gone', message, path: 'Idempotency-Key' });
  }
  return answerText(ended.body, ended.status, { 'Idempotent-Replayed': 'true' });
}

/** The call with a body that is digested as it is read, and ids that are the same when it is repeated. */
function withBody(call: KeyCall, body: DigestedBody, seed: string): KeyCall {
  const { url, method, headers, signal, body: given } = call.request;
  const init = { method, headers: new Headers([...headers]), signal };
  const stream = given === null ? {} : { body: ReadableStream.from(body.chunks), duplex: 'half' };
  return {
    ...call,
    request: new Request(url, { ...init, ...stream } as RequestInit),
    newId: (bytes) =>
      createHash('sha256')
        .update(`${seed} ${body.digest()}`)
        .digest('hex')
        .slice(0, bytes * 2),
  };
}

async function drain(body: DigestedBody): Promise<void> {
  if (body.isWhole()) return;
  for await (const _ of body.chunks) if (body.isWhole()) return;
}

/** The body of a call, whose sender may neither be silent for long nor send without end. */
async function* readBounded({ body }: Request, silenceMs: number): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  let length = 0;
  for await (const chunk of limitSilence(body, silenceMs)) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) reject('message-too-long', 'no call takes a body so long');
    yield chunk;
  }
}
