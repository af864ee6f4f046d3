import { readFirst } from '#client/body.ts';
import { refusal } from '#protocol/values/refusal.ts';
import { answerBody, answerRefusal } from '../http/answer.ts';
import { readInTime } from '../http/body.ts';
import { type ChainPost, explainSilence } from './reader.ts';

const CALL_BYTES_MAX = 64 * 1024;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const CALLS_MAX = 64;

/**
 * Passes one HTTP request of JSON-RPC on to a chain, and its answer back. The chain is told from which
 * address it came; undefined is this machine.
 */
export type ChainRelay = (request: Request, caller: string | undefined) => Promise<Response>;

/**
 * Opens the way of pages to a chain that only this hub reaches: bounded in calls, bytes and time.
 */
export function openChainRelay(post: ChainPost, deadlineMs: number): ChainRelay {
  let passing = 0;
  return async (request, caller) => {
    if (!/^application\/json\b/.test(request.headers.get('Content-Type') ?? '')) {
      const message = 'send application/json, as no page of another site can without asking';
      return answerRefusal(refusal('request-invalid', message));
    }
    // Before it counts as a call: a body may come a byte at a time.
    const call = await readInTime(request, CALL_BYTES_MAX);
    if (call.isCut) {
      const message = `a call of the chain has at most ${CALL_BYTES_MAX} bytes`;
      return answerRefusal(refusal('message-too-long', message));
    }
    // Clients of Solana wait and try again after a 429.
    if (passing >= CALLS_MAX)
      return new Response('too many calls', { status: 429, headers: { 'Retry-After': '1' } });
    passing += 1;
    try {
      return await pass(call.bytes, { post, caller, signal: AbortSignal.timeout(deadlineMs) });
    } finally {
      passing -= 1;
    }
  };
}

async function pass(
  call: Uint8Array<ArrayBuffer>,
  { post, caller, signal }: { post: ChainPost; caller: string | undefined; signal: AbortSignal },
): Promise<Response> {
  try {
    const answer = await post(call, signal, caller);
    const { bytes, isCut } = await readFirst(answer, ANSWER_BYTES_MAX);
    if (isCut) throw new RangeError(`more than ${ANSWER_BYTES_MAX} bytes`);
    return answerBody(bytes, { 'Content-Type': 'application/json' }, answer.status);
  } catch (error) {
    return answerRefusal(explainSilence(error, signal));
  }
}
