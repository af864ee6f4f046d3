import * as v from 'valibot';
import { decodeBase58 } from '#protocol/bytes/base58.ts';

const KEYS_MAX = 100;
const AIRDROP_LAMPORTS_MAX = 1_000_000_000_000;

const Address = v.pipe(
  v.string(),
  v.maxLength(44),
  v.check((text) => decodeBase58(text, 32).ok, 'expected a base58 address of 32 bytes'),
);
const Signature = v.pipe(
  v.string(),
  v.maxLength(88),
  v.check((text) => decodeBase58(text, 64).ok, 'expected a base58 signature of 64 bytes'),
);
const Blockhash = Address;

/** Options this chain has no use for, such as the commitment, are let through. */
const Options = v.optional(v.nullable(v.looseObject({})));

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
  getVersion: v.tuple([]),
  getHealth: v.tuple([]),
  getGenesisHash: v.tuple([]),
  getBalance: v.tuple([Address, Options]),
  getAccountInfo: v.tuple([Address, Options]),
  getMultipleAccounts: v.tuple([v.pipe(v.array(Address), v.maxLength(KEYS_MAX)), Options]),
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
