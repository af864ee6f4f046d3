import { decodeBase64, encodeBase64 } from '#protocol/bytes/base64.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { Airdrops } from './airdrops.ts';
import { refuseCalled } from './allowed.ts';
import { Call, type Method, PARAMS, type Params } from './rpc-schema.ts';
import {
  type Account,
  decodeBase58,
  type Outcome,
  type Svm,
  TRANSACTION_BYTES_MAX,
} from './svm.ts';
import { describeError } from './transaction-error.ts';

/** Codes of Solana's JSON-RPC and of JSON-RPC 2.0 itself. */
const CODE = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  preflight: -32_002,
} as const;
const VERSION = { 'solana-core': '4.3.0-litesvm', 'feature-set': 0 };

export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}
export type Answer = { jsonrpc: '2.0'; id: Call['id'] } & (
  | { result: unknown }
  | { error: RpcError }
);
type Reply = { result: unknown } | { error: RpcError };

export interface ChainState {
  svm: Svm;
  /** Addresses of the programs that may keep something here. */
  programs: readonly string[];
  airdrops: Airdrops;
  /** 32 bytes in base58 that tell this chain from every other. */
  genesisHash: string;
  /** Past 1 nothing is given away any more, past 2 nothing is done. */
  fullness(): number;
  /** Makes what was done durable; nothing is acknowledged before. */
  save(): Promise<void>;
}

/** Answers the body of one HTTP request, from who is named; undefined is this machine. */
export async function answerBody(
  state: ChainState,
  body: string,
  caller?: string,
): Promise<Answer> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return failed(null, { code: CODE.parse, message: 'the body is no JSON' });
  }
  if (!Array.isArray(parsed)) return answerCall({ ...state, caller }, parsed);
  // What a request costs is bounded by its caller; a batch would be a hundred in one.
  const message = 'this chain takes one call in a request, and no batch';
  return failed(null, { code: CODE.request, message });
}

async function answerCall(state: Asked, said: unknown): Promise<Answer> {
  const call = decodeWith(Call, said);
  if (!call.ok) return failed(null, { code: CODE.request, message: call.refusal.message });
  const { id, method, params } = call.value;
  try {
    return { jsonrpc: '2.0', id, ...(await callMethod(state, method, params)) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return failed(id, { code: CODE.internal, message: `the chain failed: ${message}` });
  }
}

const failed = (id: Call['id'], error: RpcError): Answer => ({ jsonrpc: '2.0', id, error });

/** The chain, and who asks. */
type Asked = ChainState & { caller: string | undefined };

type Methods = {
  [M in Method]: (state: Asked, params: Params<M>) => Reply | Promise<Reply>;
};

async function callMethod(
  state: Asked,
  method: string,
  params: readonly unknown[],
): Promise<Reply> {
  if (!isMethod(method)) {
    const message = `this chain has no method ${method}; it has ${Object.keys(PARAMS).join(', ')}`;
    return { error: { code: CODE.method, message } };
  }
  const schema = PARAMS[method];
  const filled = schema.items.map((_item, place) => params[place]);
  const decoded = decodeWith(schema, filled);
  if (!decoded.ok) return invalid(`${method}: ${decoded.refusal.message}`);
  // The schema of this very method has decoded them.
  const run = METHODS[method] as (state: Asked, params: unknown) => Reply | Promise<Reply>;
  return run(state, decoded.value);
}

const isMethod = (method: string): method is Method => Object.hasOwn(PARAMS, method);
const invalid = (message: string): Reply => ({ error: { code: CODE.params, message } });
const full = (what: string): Reply => ({
  error: {
    code: CODE.internal,
    message: `this chain is full, and ${what}; its operator begins another in another data directory`,
  },
});
const inContext = ({ svm }: ChainState, value: unknown): Reply => ({
  result: { context: { slot: svm.slot(), apiVersion: '4.3.0' }, value },
});

const METHODS: Methods = {
  getLatestBlockhash: (state) => {
    const lastValidBlockHeight = state.svm.slot() + 150;
    return inContext(state, { blockhash: state.svm.blockhash(), lastValidBlockHeight });
  },
  isBlockhashValid: (state, [hash]) => inContext(state, state.svm.isRecent(hash)),
  getSlot: ({ svm }) => ({ result: svm.slot() }),
  getBlockHeight: ({ svm }) => ({ result: svm.slot() }),
  getVersion: () => ({ result: VERSION }),
  getHealth: () => ({ result: 'ok' }),
  getGenesisHash: ({ genesisHash }) => ({ result: genesisHash }),
  getBalance: (state, [key]) => inContext(state, Number(state.svm.account(key)?.lamports ?? 0n)),
  getAccountInfo: (state, [key]) => inContext(state, encodeAccount(state.svm.account(key))),
  getMultipleAccounts: (state, [keys]) =>
    inContext(
      state,
      keys.map((key) => encodeAccount(state.svm.account(key))),
    ),
  getMinimumBalanceForRentExemption: ({ svm }, [size]) => ({ result: Number(svm.rent(size)) }),
  getFeeForMessage: (state, [message]) => {
    const bytes = decodeBase64(message);
    return bytes.ok ? inContext(state, state.svm.fee(bytes.value)) : invalid('expected base64');
  },
  getRecentPrioritizationFees: () => ({ result: [] }),
  requestAirdrop: async (state, [to, amount]) => {
    if (state.fullness() >= 1) return full('gives no more lamports away');
    const spent = state.airdrops.take(state.caller, BigInt(amount));
    if (spent !== undefined) return { error: { code: CODE.internal, message: spent } };
    const done = state.svm.airdrop(to, BigInt(amount));
    if (done.error !== null) {
      return {
        error: { code: CODE.internal, message: `no airdrop: ${describeError(done.error)}` },
      };
    }
    return finish(state, done);
  },
  simulateTransaction: (state, [text, options]) => {
    const bytes = readTransaction(text, options?.encoding);
    if (typeof bytes === 'string') return invalid(bytes);
    const other = refuseCalled(state.svm.called(bytes), state.programs);
    if (other !== undefined) return invalid(other);
    const { sigVerify = false, replaceRecentBlockhash = false } = options ?? {};
    const done = state.svm.simulate(bytes, { verify: sigVerify, fresh: replaceRecentBlockhash });
    return inContext(state, describeSimulation(done));
  },
  sendTransaction: async (state, [text, options]) => {
    const bytes = readTransaction(text, options?.encoding);
    if (typeof bytes === 'string') return invalid(bytes);
    if (state.fullness() >= 2) return full('takes no more transactions');
    const other = refuseCalled(state.svm.called(bytes), state.programs);
    if (other !== undefined) return invalid(other);
    if (options?.skipPreflight !== true) {
      const tried = state.svm.simulate(bytes, { verify: true, fresh: false });
      if (tried.error !== null) return preflightFailed(tried);
    }
    return finish(state, state.svm.send(bytes));
  },
  getSignatureStatuses: (state, [signatures]) =>
    inContext(
      state,
      signatures.map((signature) => encodeStatus(state, state.svm.outcome(signature))),
    ),
};

/** On disk first: then the caller hears of it. */
async function finish(state: ChainState, { signature }: Outcome): Promise<Reply> {
  await state.save();
  return { result: signature };
}

function preflightFailed(tried: Outcome): Reply {
  const reason = describeError(tried.error ?? 'SanitizeFailure');
  return {
    error: {
      code: CODE.preflight,
      message: `Transaction simulation failed: ${reason}`,
      data: describeSimulation(tried),
    },
  };
}

const describeSimulation = ({ error, logs, units }: Outcome) => ({
  err: error,
  logs,
  unitsConsumed: units,
  accounts: null,
  returnData: null,
});

/** The bytes of a transaction, or what is wrong with them. */
function readTransaction(text: string, encoding: 'base58' | 'base64' = 'base58') {
  const decoded = encoding === 'base64' ? decodeBase64(text) : readBase58(text);
  if (!decoded.ok) return `the transaction is no ${encoding}`;
  const { length } = decoded.value;
  if (length > TRANSACTION_BYTES_MAX) {
    return `the transaction has ${length} bytes and a packet holds ${TRANSACTION_BYTES_MAX}; split it`;
  }
  return decoded.value;
}

function readBase58(text: string) {
  try {
    return { ok: true as const, value: decodeBase58(text) };
  } catch {
    return { ok: false as const };
  }
}

/** Data comes as base64 whatever was asked for: clients read the encoding beside it. */
function encodeAccount(account: Account | undefined) {
  if (account === undefined) return null;
  const { lamports, owner, executable, data } = account;
  return {
    lamports: Number(lamports),
    owner,
    executable,
    rentEpoch: 0,
    space: data.length,
    data: [encodeBase64(data), 'base64'],
  };
}

/** Everything that is in the history is final: this chain has no forks. */
function encodeStatus({ svm }: ChainState, outcome: Outcome | undefined) {
  if (outcome === undefined) return null;
  const { error } = outcome;
  return {
    slot: svm.slot(),
    confirmations: null,
    err: error,
    status: error === null ? { Ok: null } : { Err: error },
    confirmationStatus: 'finalized',
  };
}
