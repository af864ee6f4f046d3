import { Connection, PublicKey, SendTransactionError, SolanaJSONRPCError } from '@solana/web3.js';
import { decodeBase58, encodeBase58 } from '#protocol/bytes/base58.ts';
import { decodeAccount } from '#protocol/settlement/accounts.ts';
import { describeFailure } from '#protocol/settlement/failure.ts';
import { isSameKey, KEY_BYTES, type Key, type Layout } from '#protocol/settlement/layout.ts';
import type { ChainView } from '#protocol/settlement/money-api.ts';
import {
  encodeMessage,
  type Instruction,
  TRANSACTION_BYTES_MAX,
  transactionBytes,
} from '#protocol/settlement/transaction.ts';
import { fault, must, PocketgridError } from '#protocol/values/refusal.ts';
import type { Wallet } from './wallet.ts';

const CALL_MS = 15_000;
const CONFIRM_MS = 60_000;
const POLL_MS = 400;

/** The chain as the pages use it: every call ends, and throws a refusal that says what to do. */
export interface ChainClient {
  /** Lamports of each address; 0 for one that does not exist. */
  balances(keys: readonly Key[]): Promise<bigint[]>;
  /** The decoded account, or undefined where there is none. */
  read<T extends { kind: number; version: number }>(
    layout: Layout<T>,
    key: Key,
  ): Promise<T | undefined>;
  /** The least an account of so many bytes has to hold. */
  rent(bytes: number): Promise<bigint>;
  /** On a chain whose lamports are given away. */
  airdrop(to: Key, lamports: bigint): Promise<void>;
  /** Signs, sends, and waits until the chain has it; gives the signature. */
  send(instructions: readonly Instruction[], wallet: Wallet): Promise<string>;
}

/** Opens the chain of a grid; refuses one that is another cluster than the hub says. */
export async function openChainClient(view: ChainView, origin: string): Promise<ChainClient> {
  const connection = new Connection(new URL(view.rpc, origin).href, {
    commitment: 'confirmed',
    disableRetryOnRateLimit: true,
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(CALL_MS) }),
  });
  if ((await call(() => connection.getGenesisHash())) !== view.genesisHash) {
    throw fault(
      'chain-wrong',
      'The chain is another one than the hub settles on: reload the page; if it stays so, ask whoever runs the hub.',
    );
  }
  return {
    balances: (keys) => readBalances(connection, keys),
    read: (layout, key) => readAccount(connection, layout, { key, program: view.program }),
    rent: async (bytes) =>
      BigInt(await call(() => connection.getMinimumBalanceForRentExemption(bytes))),
    airdrop: (to, lamports) => airdrop(connection, to, lamports),
    send: (instructions, wallet) => send({ connection, view, wallet }, instructions),
  };
}

const nameOf = (key: Key): PublicKey => new PublicKey(encodeBase58(key));

async function readBalances(connection: Connection, keys: readonly Key[]): Promise<bigint[]> {
  const found = await call(() => connection.getMultipleAccountsInfo(keys.map(nameOf)));
  return found.map((account) => BigInt(account?.lamports ?? 0));
}

async function readAccount<T extends { kind: number; version: number }>(
  connection: Connection,
  layout: Layout<T>,
  { key, program }: { key: Key; program: string },
): Promise<T | undefined> {
  const found = await call(() => connection.getAccountInfo(nameOf(key)));
  // Anyone may send lamports to the address of an account that is not made yet.
  if (found === null || found.owner.toBase58() !== program) return undefined;
  return must(decodeAccount(layout, new Uint8Array(found.data)));
}

async function airdrop(connection: Connection, to: Key, lamports: bigint): Promise<void> {
  const asked = await call(() => connection.requestAirdrop(nameOf(to), Number(lamports)));
  return confirm(connection, asked);
}

interface Sending {
  connection: Connection;
  view: ChainView;
  wallet: Wallet;
}

async function send(
  { connection, view, wallet }: Sending,
  instructions: readonly Instruction[],
): Promise<string> {
  const latest = await call(() => connection.getLatestBlockhash());
  const blockhash = must(decodeBase58(latest.blockhash, KEY_BYTES));
  const message = encodeMessage(instructions, { payer: wallet.key, blockhash });
  const bytes = transactionBytes(message);
  if (bytes > TRANSACTION_BYTES_MAX || message.signers.some((key) => !isSameKey(key, wallet.key))) {
    throw new RangeError(`${bytes} bytes and ${message.signers.length} signers are too much`);
  }
  const signed = await wallet.sign(message, view);
  const signature = await call(() => connection.sendRawTransaction(signed));
  await confirm(connection, signature);
  return signature;
}

/** Asks again and again, which works where WebSockets do not. */
async function confirm(connection: Connection, signature: string): Promise<void> {
  const end = Date.now() + CONFIRM_MS;
  while (Date.now() < end) {
    const { value: status } = await call(() => connection.getSignatureStatus(signature));
    if (status?.err != null) throw new PocketgridError(describeFailure(status.err));
    if (/^(confirmed|finalized)$/.test(status?.confirmationStatus ?? '')) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw fault(
    'chain-slow',
    'The chain has not confirmed it yet. It may still do so: look again in a minute. Nothing is paid twice.',
  );
}

async function call<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SendTransactionError) {
      throw new PocketgridError(describeFailure(error, error.logs));
    }
    if (error instanceof SolanaJSONRPCError) {
      throw fault('chain-slow', `The chain said no: ${error.message}. Try again in a minute.`);
    }
    console.error('the chain does not answer', error);
    throw fault(
      'chain-unreachable',
      'The chain does not answer. Check that you are online, then try again; your money stays where it is.',
    );
  }
}
