import { Connection, PublicKey, SendTransactionError } from '@solana/web3.js';
import { decodeBase58 } from '#protocol/bytes/base58.ts';
import { describeFailure, describeSilence } from '#protocol/settlement/failure.ts';
import { KEY_BYTES, type Key } from '#protocol/settlement/layout.ts';
import {
  encodeMessage,
  encodeTransaction,
  type Instruction,
  TRANSACTION_BYTES_MAX,
  transactionBytes,
} from '#protocol/settlement/transaction.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';

const CALL_MS_MAX = 15_000;
const CONFIRM_MS_MAX = 60_000;
const POLL_MS = { first: 50, most: 1_000 };
const ACCOUNTS_A_CALL = 100;
const PAYER_LAMPORTS = { least: 50_000_000, given: 1_000_000_000 };

/** What a Solana cluster holds. Everything throws a `PocketgridError`. */
export interface ClusterReader {
  /** Data of accounts, in order; undefined for one that does not exist. */
  readAccounts(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]>;
}

/** A Solana cluster, as far as settlement needs one. */
export interface Cluster extends ClusterReader {
  /** Sends a transaction that the payer pays for, and settles when the cluster has confirmed it. */
  send(instructions: readonly Instruction[]): Promise<void>;
  /** Sees that the payer can pay fees: from the local chain's faucet, else `funds-missing`. */
  fundPayer(options: { local: boolean }): Promise<void>;
}

export interface Payer {
  /** Its address in base 58. */
  address: string;
  key: Key;
  sign(message: Uint8Array): Uint8Array;
}

/** `fetch` is given where a hub signed its certificate itself. */
const connect = (rpc: URL, send: typeof fetch): Connection =>
  new Connection(rpc.href, {
    commitment: 'confirmed',
    disableRetryOnRateLimit: true,
    fetch: (input, init) => send(input, { ...init, signal: AbortSignal.timeout(CALL_MS_MAX) }),
  });

export const openReader = (rpc: URL, send: typeof fetch): ClusterReader =>
  readerOf(connect(rpc, send), rpc);

const readerOf = (connection: Connection, rpc: URL): ClusterReader => ({
  async readAccounts(keys) {
    const found: (Uint8Array | undefined)[] = [];
    for (let from = 0; from < keys.length; from += ACCOUNTS_A_CALL) {
      const page = keys.slice(from, from + ACCOUNTS_A_CALL).map((key) => new PublicKey(key));
      const accounts = await connection.getMultipleAccountsInfo(page).catch(failCall(rpc));
      found.push(...accounts.map((account) => account?.data));
    }
    return found;
  },
});

/** A Solana cluster by JSON-RPC, with the key that pays fees. */
export function openCluster(rpc: URL, payer: Payer, send: typeof fetch): Cluster {
  const connection = connect(rpc, send);
  const call = async <T>(answer: Promise<T>): Promise<T> => answer.catch(failCall(rpc));
  return {
    ...readerOf(connection, rpc),
    async send(instructions) {
      const { blockhash, lastValidBlockHeight } = await call(connection.getLatestBlockhash());
      const message = encodeMessage(instructions, {
        payer: payer.key,
        blockhash: keyOf(blockhash),
      });
      const length = transactionBytes(message);
      if (length > TRANSACTION_BYTES_MAX) {
        throw new RangeError(`a transaction of ${length} bytes does not fit a packet`);
      }
      const bytes = encodeTransaction(message, [payer.sign(message.bytes)]);
      const signature = await call(connection.sendRawTransaction(bytes));
      await confirm(connection, { signature, lastValidBlockHeight, rpc });
    },
    async fundPayer({ local }) {
      const key = new PublicKey(payer.key);
      const balance = await call(connection.getBalance(key));
      if (balance >= PAYER_LAMPORTS.least) return;
      if (!local) {
        const message = `${payer.address} holds ${balance} lamports and pays the fees of settlement: send it ${PAYER_LAMPORTS.least} or more`;
        throw fault('funds-missing', message);
      }
      const signature = await call(connection.requestAirdrop(key, PAYER_LAMPORTS.given));
      const { lastValidBlockHeight } = await call(connection.getLatestBlockhash());
      await confirm(connection, { signature, lastValidBlockHeight, rpc });
    },
  };
}

interface Sent {
  signature: string;
  lastValidBlockHeight: number;
  rpc: URL;
}

async function confirm(
  connection: Connection,
  { signature, lastValidBlockHeight, rpc }: Sent,
): Promise<void> {
  const until = Date.now() + CONFIRM_MS_MAX;
  for (let wait = POLL_MS.first; Date.now() < until; wait = Math.min(wait * 2, POLL_MS.most)) {
    const { value } = await connection.getSignatureStatuses([signature]).catch(failCall(rpc));
    const [status] = value;
    if (status?.err != null) throw new PocketgridError(describeFailure(status.err));
    if (status?.confirmationStatus === 'confirmed' || status?.confirmationStatus === 'finalized') {
      return;
    }
    const height = await connection.getBlockHeight().catch(failCall(rpc));
    if (height > lastValidBlockHeight) break;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  const message = `${signature} was not confirmed in time: the next round looks whether it counts`;
  throw fault('chain-slow', message);
}

const failCall =
  (rpc: URL) =>
  (error: unknown): never => {
    throw new PocketgridError(
      error instanceof SendTransactionError
        ? describeFailure(error, error.logs)
        : describeSilence(rpc.origin, error),
      { cause: error },
    );
  };

function keyOf(text: string): Key {
  const decoded = decodeBase58(text, KEY_BYTES);
  if (decoded.ok) return decoded.value;
  throw fault('chain-unreachable', `the cluster named ${text} as a block hash`);
}
