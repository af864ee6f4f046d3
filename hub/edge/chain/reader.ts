import * as v from 'valibot';
import { readFirst } from '#client/body.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { decodeBase64 } from '#protocol/bytes/base64.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { accept, type Refusal, type Result, refusal, refuse } from '#protocol/values/refusal.ts';

const ANSWER_BYTES_MAX = 1024 * 1024;
/** A development chain reads it of hubs on its machine, and bounds what it gives away by it. */
const CALLER_HEADER = 'pocketgrid-caller';

/** How sure a chain is of what it answers: `finalized` is never taken back. */
export type Commitment = 'confirmed' | 'finalized';

export interface ChainAccount {
  owner: Address;
  data: Uint8Array;
}

/** What a hub reads on a chain. */
export interface ChainReader {
  genesisHash(): Promise<Result<Address>>;
  /** Undefined where there is no such account. */
  account(key: Key, commitment?: Commitment): Promise<Result<ChainAccount | undefined>>;
}

/** Brings one JSON-RPC call to a chain; gives up when the signal says so. */
export type ChainPost = (
  body: string | Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
  /** The address of who asks the hub to; undefined where the hub asks, or this machine. */
  caller?: string,
) => Promise<Response>;

export const postTo =
  (url: string): ChainPost =>
  (body, signal, caller) => {
    const named = caller === undefined ? {} : { [CALLER_HEADER]: caller };
    const headers = { 'Content-Type': 'application/json', ...named };
    return fetch(url, { method: 'POST', body, signal, headers });
  };

const AccountAnswer = v.object({
  value: v.nullable(v.object({ owner: Address, data: v.tuple([v.string(), v.literal('base64')]) })),
});

/** Opens a reader whose every call ends `deadlineMs` after it began. */
export function openChainReader(post: ChainPost, deadlineMs: number): ChainReader {
  const call = <T extends v.GenericSchema>(schema: T, method: string, params: unknown[]) =>
    callChain(post, { schema, method, params, deadlineMs });
  return {
    genesisHash: () => call(Address, 'getGenesisHash', []),
    async account(key, commitment = 'confirmed') {
      const options = { encoding: 'base64', commitment };
      const answer = await call(AccountAnswer, 'getAccountInfo', [encodeBase58(key), options]);
      if (!answer.ok) return answer;
      const { value } = answer.value;
      if (value === null) return accept(undefined);
      const data = decodeBase64(value.data[0]);
      return data.ok ? accept({ owner: value.owner, data: data.value }) : strange('no base64');
    },
  };
}

const strange = (what: string) =>
  refuse(
    'chain-unreachable',
    `the chain answered what is no answer (${what}): check that the hub's --dev-chain or --rpc-url names a JSON-RPC of Solana`,
  );

async function callChain<T extends v.GenericSchema>(
  post: ChainPost,
  asked: { schema: T; method: string; params: unknown[]; deadlineMs: number },
): Promise<Result<v.InferOutput<T>>> {
  const { schema, method, params, deadlineMs } = asked;
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const signal = AbortSignal.timeout(deadlineMs);
  let text: string;
  try {
    const response = await post(body, signal);
    if (response.status === 429) {
      return { ok: false, refusal: slow('it says that it is asked too often') };
    }
    if (!response.ok) return strange(`status ${response.status}`);
    const { bytes, isCut } = await readFirst(response, ANSWER_BYTES_MAX);
    if (isCut) return strange(`more than ${ANSWER_BYTES_MAX} bytes`);
    text = new TextDecoder().decode(bytes);
  } catch (error) {
    return { ok: false, refusal: explainSilence(error, signal) };
  }
  const Answer = v.union([
    v.object({ result: schema }),
    v.object({ error: v.object({ message: v.string() }) }),
  ]);
  const answer = decodeJson(Answer, text);
  if (!answer.ok) return strange(answer.refusal.message);
  if ('error' in answer.value) return strange(answer.value.error.message.slice(0, 300));
  return accept(answer.value.result);
}

/** Why a call brought no answer: its time was over, or the chain cannot be reached. */
export function explainSilence(error: unknown, signal: AbortSignal): Refusal {
  if (signal.aborted) return slow('it did not answer in time');
  const why = error instanceof Error ? (error.cause ?? error) : error;
  const message = `the chain cannot be reached (${String(why)}); try again, and see that the chain of the hub's --dev-chain or --rpc-url runs`;
  return refusal('chain-unreachable', message);
}

const slow = (why: string): Refusal =>
  refusal('chain-slow', `the chain is slow: ${why}; nothing was changed, try again in a minute`);
