import { Connection, PublicKey, SendTransactionError, SolanaJSONRPCError } from '@solana/web3.js';
import { decodeBase58, encodeBase58 } from '#protocol/bytes/base58.ts';
import { decodeAccount } from '#protocol/settlement/accounts.ts';
import { isSameKey, KEY_BYTES, type Key, type Layout } from '#protocol/settlement/layout.ts';
import type { ChainView } from '#protocol/settlement/money-api.ts';
import {
  encodeMessage,
  type Instruction,
  TRANSACTION_BYTES_MAX,
  transactionBytes,
} from '#protocol/settlement/transaction.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { explainCustom, explainFailure } from '../../core/money/chain-refusal.ts';
import type { Wallet } from './wallet.ts';

const CALL_MS = 15_000;
const CONFIRM_MS = 60_000;
const POLL_MS = 400;

/** The chain as the pages use it: every call ends, and a refusal says what to do. */
export interface ChainClient {
  /** Lamports of each address; 0 for one that does not exist. */
  balances(keys: readonly Key[]): Promise<Result<bigint[]>>;
  /** The decoded account, or undefined where there is none. */
  read<T extends { kind: number; version: number }>(
    layout: Layout<T>,
    key: Key,
  ): Promise<Result<T | undefined>>;
  /** The least an account of so many bytes has to hold. */
  rent(bytes: number): Promise<Result<bigint>>;
  /** On a chain whose lamports are given away. */
  airdrop(to: Key, lamports: bigint): Promise<Result<true>>;
  /** Signs, sends, and waits until the chain has it; gives the signature. */
  send(instructions: readonly Instruction[], wallet: Wallet): Promise<Result<string>>;
}

/** Opens the chain of a grid; refuses one that is another cluster than the hub says. */
export async function openChainClient(
  view: ChainView,
  origin: string,
): Promise<Result<ChainClient>> {
  const connection = new Connection(new URL(view.rpc, origin).href, {
    commitment: 'confirmed',
    disableRetryOnRateLimit: true,
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(CALL_MS) }),
  });
  const found = await call(() => connection.getGenesisHash());
  if (!found.ok) return found;
  if (found.value !== view.genesisHash) {
    return refuse(
      'chain-wrong',
      'The chain is another one than the hub settles on: reload the page; if it stays so, ask whoever runs the hub.',
    );
  }
  return accept({
    balances: (keys) => readBalances(connection, keys),
    read: (layout, key) => readAccount(connection, layout, { key, program: view.program }),
    rent: async (bytes) => {
      const rent = await call(() => connection.getMinimumBalanceForRentExemption(bytes));
      return rent.ok ? accept(BigInt(rent.value)) : rent;
    },
    airdrop: (to, lamports) => airdrop(connection, to, lamports),
    send: (instructions, wallet) => send({ connection, view, wallet }, instructions),
  });
}

const nameOf = (key: Key): PublicKey => new PublicKey(encodeBase58(key));

async function readBalances(
  connection: Connection,
  keys: readonly Key[],
): Promise<Result<bigint[]>> {
  const found = await call(() => connection.getMultipleAccountsInfo(keys.map(nameOf)));
  return found.ok ? accept(found.value.map((account) => BigInt(account?.lamports ?? 0))) : found;
}

async function readAccount<T extends { kind: number; version: number }>(
  connection: Connection,
  layout: Layout<T>,
  { key, program }: { key: Key; program: string },
): Promise<Result<T | undefined>> {
  const found = await call(() => connection.getAccountInfo(nameOf(key)));
  if (!found.ok) return found;
  // Anyone may send lamports to the address of an account that is not made yet.
  if (found.value === null || found.value.owner.toBase58() !== program) return accept(undefined);
  return decodeAccount(layout, new Uint8Array(found.value.data));
}

async function airdrop(connection: Connection, to: Key, lamports: bigint): Promise<Result<true>> {
  const asked = await call(() => connection.requestAirdrop(nameOf(to), Number(lamports)));
  return asked.ok ? confirm(connection, asked.value) : asked;
}

interface Sending {
  connection: Connection;
  view: ChainView;
  wallet: Wallet;
}

async function send(
  { connection, view, wallet }: Sending,
  instructions: readonly Instruction[],
): Promise<Result<string>> {
  const latest = await call(() => connection.getLatestBlockhash());
  if (!latest.ok) return latest;
  const blockhash = decodeBase58(latest.value.blockhash, KEY_BYTES);
  if (!blockhash.ok) return blockhash;
  const message = encodeMessage(instructions, { payer: wallet.key, blockhash: blockhash.value });
  const bytes = transactionBytes(message);
  if (bytes > TRANSACTION_BYTES_MAX || message.signers.some((key) => !isSameKey(key, wallet.key))) {
    throw new RangeError(`${bytes} bytes and ${message.signers.length} signers are too much`);
  }
  const signed = await wallet.sign(message, view);
  if (!signed.ok) return signed;
  try {
    const signature = await connection.sendRawTransaction(signed.value);
    const done = await confirm(connection, signature);
    return done.ok ? accept(signature) : done;
  } catch (error) {
    if (!(error instanceof SendTransactionError)) return explainThrown(error);
    const { message: reason, logs = [] } = error.transactionError;
    return { ok: false, refusal: explainFailure({ message: reason, logs }, view.program) };
  }
}

/** Asks again and again, which works where WebSockets do not. */
async function confirm(connection: Connection, signature: string): Promise<Result<true>> {
  const end = Date.now() + CONFIRM_MS;
  while (Date.now() < end) {
    const found = await call(() => connection.getSignatureStatus(signature));
    if (!found.ok) return found;
    const status = found.value.value;
    if (status?.err != null) return { ok: false, refusal: explainError(status.err) };
    if (/^(confirmed|finalized)$/.test(status?.confirmationStatus ?? '')) return accept(true);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return refuse(
    'chain-slow',
    'The chain has not confirmed it yet. It may still do so: look again in a minute. Nothing is paid twice.',
  );
}

/**
 * `{ InstructionError: [0, { Custom: 75 }] }`: every instruction that a page sends is the program's
 * own.
 */
function explainError(error: unknown) {
  const [, custom] = /"Custom":(\d+)/.exec(JSON.stringify(error)) ?? [];
  return custom === undefined
    ? explainFailure({ message: JSON.stringify(error), logs: [] }, '')
    : explainCustom(Number(custom));
}

async function call<T>(ask: () => Promise<T>): Promise<Result<T>> {
  try {
    return accept(await ask());
  } catch (error) {
    return explainThrown(error);
  }
}

function explainThrown(error: unknown): Result<never> {
  if (error instanceof SolanaJSONRPCError) {
    return refuse('chain-slow', `The chain said no: ${error.message}. Try again in a minute.`);
  }
  console.error('the chain does not answer', error);
  return refuse(
    'chain-unreachable',
    'The chain does not answer. Check that you are online, then try again; your money stays where it is.',
  );
}
