import { Connection, PublicKey, SendTransactionError, SolanaJSONRPCError } from '@solana/web3.js';
import { decodeAccount } from '#protocol/settlement/accounts.ts';
import { describeFailure, describeSilence } from '#protocol/settlement/failure.ts';
import { isSameKey, type Key, keyOf, type Layout } from '#protocol/settlement/layout.ts';
import {
  encodeMessage,
  type Instruction,
  type Message,
  TRANSACTION_BYTES_MAX,
  transactionBytes,
} from '#protocol/settlement/transaction.ts';
import { fault, must, PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Send } from './attempt.ts';

const CALL_MS_MAX = 15_000;
const CONFIRM_MS_MAX = 60_000;
const POLL_MS = { first: 50, most: 1_000 };
const ACCOUNTS_A_CALL = 100;

/** Who pays for a transaction, and alone signs it. */
export interface Signer {
  key: Key;
  /** The whole transaction, signed. */
  sign(message: Message): Uint8Array | Promise<Uint8Array>;
}

/**
 * A Solana cluster by JSON-RPC, as far as settlement needs one. Every call ends, and throws a
 * `PocketgridError`.
 */
export interface Cluster {
  genesisHash(): Promise<string>;
  /** Data of the program's accounts, in order; undefined for one that does not exist. */
  readAccounts(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]>;
  /** One decoded account of the program, or undefined where there is none. */
  read<T extends { kind: number; version: number }>(
    layout: Layout<T>,
    key: Key,
  ): Promise<T | undefined>;
  /** Lamports of an address; 0 for one that does not exist. */
  balance(key: Key): Promise<bigint>;
  /** The least an account of so many bytes has to hold, in lamports. */
  rent(bytes: number): Promise<bigint>;
  /** Has lamports given to an address, on a chain that gives them away. */
  airdrop(to: Key, lamports: bigint): Promise<void>;
  /** Signs, sends, and waits until the cluster has confirmed it; gives the signature. */
  send(instructions: readonly Instruction[], signer: Signer): Promise<string>;
}

export interface ClusterOptions {
  rpc: URL;
  /** The address of the settlement program: accounts of any other owner count as missing. */
  program: string;
  /** `fetch`, or one that trusts a certificate which the hub signed itself. */
  send?: Send;
  /** What a call says that brought no answer. */
  explainSilence?(error: unknown): Refusal;
  /** What is said of a transaction that is not confirmed in time. */
  explainDelay?(signature: string): string;
}

/** Opens a cluster; nothing is asked before the first call. */
export function openCluster(options: ClusterOptions): Cluster {
  const { send = fetch, program } = options;
  const connection = new Connection(options.rpc.href, {
    commitment: 'confirmed',
    disableRetryOnRateLimit: true,
    fetch: (input, init) =>
      send(new Request(input, { ...init, signal: AbortSignal.timeout(CALL_MS_MAX) })),
  });
  const ask: Ask = (call) =>
    call(connection).catch((cause: unknown) => {
      throw new PocketgridError(explainCall(cause, options), { cause });
    });
  const readAccounts: Cluster['readAccounts'] = async (keys) => {
    const found: (Uint8Array | undefined)[] = [];
    for (let from = 0; from < keys.length; from += ACCOUNTS_A_CALL) {
      const page = keys.slice(from, from + ACCOUNTS_A_CALL).map((key) => new PublicKey(key));
      const accounts = await ask((chain) => chain.getMultipleAccountsInfo(page));
      // Anyone may send lamports to the address of an account that is not made yet.
      found.push(...accounts.map((it) => (it?.owner.toBase58() === program ? it.data : undefined)));
    }
    return found;
  };
  return {
    genesisHash: () => ask((chain) => chain.getGenesisHash()),
    readAccounts,
    async read(layout, key) {
      const [data] = await readAccounts([key]);
      return data && must(decodeAccount(layout, new Uint8Array(data)));
    },
    balance: async (key) => BigInt(await ask((chain) => chain.getBalance(new PublicKey(key)))),
    rent: async (bytes) =>
      BigInt(await ask((chain) => chain.getMinimumBalanceForRentExemption(bytes))),
    async airdrop(to, lamports) {
      const given = Number(lamports);
      const signature = await ask((chain) => chain.requestAirdrop(new PublicKey(to), given));
      const { lastValidBlockHeight } = await ask((chain) => chain.getLatestBlockhash());
      await confirm(ask, { signature, lastValidBlockHeight }, options);
    },
    async send(instructions, signer) {
      const latest = await ask((chain) => chain.getLatestBlockhash());
      const blockhash = keyOf(latest.blockhash);
      const message = encodeMessage(instructions, { payer: signer.key, blockhash });
      checkMessage(message, signer.key);
      const bytes = await signer.sign(message);
      const signature = await ask((chain) => chain.sendRawTransaction(bytes));
      await confirm(ask, { ...latest, signature }, options);
      return signature;
    },
  };
}

type Ask = <T>(call: (chain: Connection) => Promise<T>) => Promise<T>;

function checkMessage(message: Message, payer: Key): void {
  const bytes = transactionBytes(message);
  if (bytes <= TRANSACTION_BYTES_MAX && message.signers.every((key) => isSameKey(key, payer))) {
    return;
  }
  throw new RangeError(`${bytes} bytes and ${message.signers.length} signers are too much`);
}

interface Sent {
  signature: string;
  lastValidBlockHeight: number;
}

/** Asks again and again, which works where WebSockets do not. */
async function confirm(
  ask: Ask,
  { signature, lastValidBlockHeight }: Sent,
  { explainDelay = describeDelay }: ClusterOptions,
): Promise<void> {
  const until = Date.now() + CONFIRM_MS_MAX;
  for (let wait = POLL_MS.first; Date.now() < until; wait = Math.min(wait * 2, POLL_MS.most)) {
    const { value: status } = await ask((chain) => chain.getSignatureStatus(signature));
    if (status?.err != null) throw new PocketgridError(describeFailure(status.err));
    if (/^(confirmed|finalized)$/.test(status?.confirmationStatus ?? '')) return;
    if ((await ask((chain) => chain.getBlockHeight())) > lastValidBlockHeight) break;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  throw fault('chain-slow', explainDelay(signature));
}

const describeDelay = (signature: string): string =>
  `${signature} was not confirmed in time: look for it before you send it again`;

function explainCall(error: unknown, { rpc, explainSilence }: ClusterOptions): Refusal {
  if (error instanceof SendTransactionError) return describeFailure(error, error.logs);
  if (error instanceof SolanaJSONRPCError) {
    return refusal('chain-slow', `The chain said no: ${error.message}. Try again in a minute.`);
  }
  return explainSilence?.(error) ?? describeSilence(rpc.origin, error);
}
