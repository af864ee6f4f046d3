import * as v from 'valibot';
import { isBase58 } from './svm.ts';

const KEYS_MAX = 100;
const AIRDROP_LAMPORTS_MAX = 1_000_000_000_000;

export const Address = v.pipe(
  v.string(),
  v.maxLength(44),
  v.check((text) => isBase58(text, 32), 'expected a base58 address of 32 bytes'),
);
export const Signature = v.pipe(
  v.string(),
  v.maxLength(88),
  v.check((text) => isBase58(text, 64), 'expected a base58 signature of 64 bytes'),
);
const Blockhash = Address;

const Encoding = v.optional(v.picklist(['base58', 'base64', 'base64+zstd', 'jsonParsed']));
export const Slice = v.object({ offset: v.number(), length: v.number() });
export type Slice = v.InferOutput<typeof Slice>;
/** Options this chain has no use for, such as the commitment, are let through. */
const AccountOptions = v.optional(
  v.nullable(v.object({ encoding: Encoding, dataSlice: v.optional(Slice) })),
);
const Options = v.optional(v.nullable(v.looseObject({})));

export const Filter = v.union([
  v.object({ dataSize: v.number() }),
  v.object({
    memcmp: v.object({
      offset: v.number(),
      bytes: v.pipe(v.string(), v.maxLength(256)),
      encoding: v.optional(v.picklist(['base58', 'base64'])),
    }),
  }),
]);
export type Filter = v.InferOutput<typeof Filter>;

const TransactionOptions = v.optional(
  v.nullable(
    v.object({
      encoding: v.optional(v.picklist(['base58', 'base64'])),
      skipPreflight: v.optional(v.boolean()),
      sigVerify: v.optional(v.boolean()),
      replaceRecentBlockhash: v.optional(v.boolean()),
    }),
  ),
);

/**
 * Parameters of each method, by Solana's JSON-RPC documentation. What a client may leave out, it
 * may.
 */
export const PARAMS = {
  getLatestBlockhash: v.tuple([Options]),
  isBlockhashValid: v.tuple([Blockhash, Options]),
  getSlot: v.tuple([Options]),
  getBlockHeight: v.tuple([Options]),
  getEpochInfo: v.tuple([Options]),
  getVersion: v.tuple([]),
  getHealth: v.tuple([]),
  getGenesisHash: v.tuple([]),
  getBalance: v.tuple([Address, Options]),
  getAccountInfo: v.tuple([Address, AccountOptions]),
  getMultipleAccounts: v.tuple([v.pipe(v.array(Address), v.maxLength(KEYS_MAX)), AccountOptions]),
  getProgramAccounts: v.tuple([
    Address,
    v.optional(
      v.nullable(
        v.object({
          encoding: Encoding,
          dataSlice: v.optional(Slice),
          filters: v.optional(v.pipe(v.array(Filter), v.maxLength(4))),
          withContext: v.optional(v.boolean()),
        }),
      ),
    ),
  ]),
  getMinimumBalanceForRentExemption: v.tuple([
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    Options,
  ]),
  getFeeForMessage: v.tuple([v.pipe(v.string(), v.base64()), Options]),
  getRecentPrioritizationFees: v.tuple([v.optional(v.nullable(v.array(Address)))]),
  requestAirdrop: v.tuple([
    Address,
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(AIRDROP_LAMPORTS_MAX)),
    Options,
  ]),
  simulateTransaction: v.tuple([v.string(), TransactionOptions]),
  sendTransaction: v.tuple([v.string(), TransactionOptions]),
  getSignatureStatuses: v.tuple([v.pipe(v.array(Signature), v.maxLength(256)), Options]),
} as const;
export type Method = keyof typeof PARAMS;
export type Params<M extends Method> = v.InferOutput<(typeof PARAMS)[M]>;

/** A call of JSON-RPC 2.0. */
export const Call = v.object({
  jsonrpc: v.literal('2.0'),
  id: v.union([v.string(), v.number(), v.null()]),
  method: v.pipe(v.string(), v.maxLength(80)),
  params: v.optional(v.array(v.unknown()), []),
});
export type Call = v.InferOutput<typeof Call>;

/** Parameters of subscriptions. */
export const SignatureSubscribe = v.tuple([Signature, Options]);
export const Unsubscribe = v.tuple([v.number()]);
