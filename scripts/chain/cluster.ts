import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, PublicKey, SendTransactionError } from '@solana/web3.js';
import type { Send } from '#client/client.ts';
import { decodeAccount } from '#protocol/settlement/accounts.ts';
import { describeFailure, describeSilence } from '#protocol/settlement/failure.ts';
import { isSameKey, type Key, keyOf, type Layout } from '#protocol/settlement/layout.ts';
import {
  encodeMessage,
  encodeTransaction,
  type Instruction,
} from '#protocol/settlement/transaction.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { Wallet } from './wallet.ts';

const CALL_MS_MAX = 15_000;
const CONFIRM_MS_MAX = 60_000;
const POLL_MS = 200;

/** A Solana cluster, for tools on a command line. Everything throws a `PocketgridError`. */
export interface Cluster {
  genesisHash(): Promise<Key>;
  balance(key: Key): Promise<bigint>;
  /** The decoded account of the settlement program, or undefined when there is none. */
  read<T extends { kind: number; version: number }>(
    layout: Layout<T>,
    key: Key,
  ): Promise<T | undefined>;
  /** Sends what the first wallet pays for and all of them sign; settles when it is confirmed. */
  send(
    instructions: readonly Instruction[],
    wallets: readonly [Wallet, ...Wallet[]],
  ): Promise<string>;
  airdrop(to: Wallet, lamports: bigint): Promise<void>;
}

export function openCluster(rpc: URL, send: Send = fetch): Cluster {
  const connection = new Connection(rpc.href, {
    commitment: 'confirmed',
    disableRetryOnRateLimit: true,
    fetch: (input, init) =>
      send(new Request(input, { ...init, signal: AbortSignal.timeout(CALL_MS_MAX) })),
  });
  const call = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      const isRefused = error instanceof SendTransactionError;
      throw new PocketgridError(
        isRefused ? describeFailure(error, error.logs) : describeSilence(rpc.origin, error),
      );
    });
  const confirm = async (signature: string): Promise<string> => {
    for (let until = Date.now() + CONFIRM_MS_MAX; Date.now() < until; await sleep(POLL_MS)) {
      const { value } = await call(connection.getSignatureStatuses([signature]));
      const [status] = value;
      if (status?.err != null) throw new PocketgridError(describeFailure(status.err));
      if (status != null && status.confirmationStatus !== 'processed') return signature;
    }
    const message = `${signature} was not confirmed in ${CONFIRM_MS_MAX / 1000} s: look for it before you send it again`;
    throw new PocketgridError(refusal('chain-slow', message));
  };
  return {
    genesisHash: async () => keyOf(await call(connection.getGenesisHash())),
    balance: async (key) => BigInt(await call(connection.getBalance(new PublicKey(key)))),
    async read(layout, key) {
      const found = await call(connection.getAccountInfo(new PublicKey(key)));
      if (found === null) return undefined;
      const decoded = decodeAccount(layout, found.data);
      if (decoded.ok) return decoded.value;
      throw new PocketgridError(decoded.refusal);
    },
    async send(instructions, wallets) {
      const { blockhash } = await call(connection.getLatestBlockhash());
      const [{ key: payer }] = wallets;
      const message = encodeMessage(instructions, { payer, blockhash: keyOf(blockhash) });
      const signatures = message.signers.map((key) => {
        const wallet = wallets.find((each) => isSameKey(each.key, key));
        if (wallet === undefined)
          throw new RangeError('a signer of this transaction has no wallet');
        return wallet.sign(message.bytes);
      });
      const bytes = encodeTransaction(message, signatures);
      return confirm(await call(connection.sendRawTransaction(bytes)));
    },
    async airdrop(to, lamports) {
      const given = connection.requestAirdrop(new PublicKey(to.key), Number(lamports));
      await confirm(await call(given));
    },
  };
}
