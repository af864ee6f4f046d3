import { t } from '@lingui/core/macro';
import { decodeBase58 } from '#protocol/bytes/base58.ts';
import { clusterName } from '#protocol/settlement/clusters.ts';
import { KEY_BYTES } from '#protocol/settlement/layout.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { encodeTransaction } from '#protocol/settlement/transaction.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { Wallet } from './wallet.ts';

/** Bytes of a signature that is not there yet. */
const SIGNATURE_BYTES = 64;
/** A person reads what is asked before signing. */
const SIGN_MS = 5 * 60_000;

interface Account {
  address: string;
}
/** The part of a Wallet Standard wallet that is used here. */
interface StandardWallet {
  name: string;
  features: {
    'standard:connect'?: { connect(): Promise<{ accounts: readonly Account[] }> };
    'solana:signTransaction'?: {
      signTransaction(input: {
        account: Account;
        transaction: Uint8Array;
        chain: string;
      }): Promise<readonly { signedTransaction: Uint8Array }[]>;
    };
  };
}

export interface InstalledWallets {
  names(): string[];
  connect(name: string): Promise<Wallet>;
}

/** Wallets that announce themselves by the Wallet Standard; `onChange` when one comes. */
export function openInstalledWallets(onChange: () => void): InstalledWallets {
  const wallets = new Map<string, StandardWallet>();
  const register = (...found: StandardWallet[]) => {
    for (const wallet of found) if (canSign(wallet)) wallets.set(wallet.name, wallet);
    onChange();
    return () => {
      for (const { name } of found) wallets.delete(name);
      onChange();
    };
  };
  const api = { register };
  // Either side may have come first: wallets announce themselves, and answer to the page's own
  // word.
  addEventListener('wallet-standard:register-wallet', (event) => {
    const { detail } = event as CustomEvent<unknown>;
    if (typeof detail === 'function') detail(api);
  });
  dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: api }));
  return {
    names: () => [...wallets.keys()],
    async connect(name) {
      const wallet = wallets.get(name);
      if (wallet === undefined) {
        const message = t`${name} is not there any more: open it, or choose another wallet.`;
        throw fault('wallet-missing', message);
      }
      return connect(wallet);
    },
  };
}

const canSign = ({ features }: StandardWallet): boolean =>
  features?.['standard:connect'] !== undefined && features['solana:signTransaction'] !== undefined;

async function connect(wallet: StandardWallet): Promise<Wallet> {
  const connected = await ask(() => wallet.features['standard:connect']?.connect());
  if (connected === undefined)
    throw fault(
      'wallet-refused',
      t`${wallet.name} did not want to connect: nothing was sent. Try again when you are ready.`,
    );
  const [account] = connected.accounts;
  const key = decodeBase58(account?.address ?? '', KEY_BYTES);
  if (account === undefined || !key.ok) {
    const message = t`${wallet.name} showed no Solana account: choose one in it, then connect again.`;
    throw fault('wallet-missing', message);
  }
  return {
    kind: 'installed',
    name: wallet.name,
    address: account.address as Address,
    key: key.value,
    async sign(message, chain) {
      const unsigned = encodeTransaction(message, [new Uint8Array(SIGNATURE_BYTES)]);
      const signed = await ask(() =>
        wallet.features['solana:signTransaction']?.signTransaction({
          account,
          transaction: unsigned,
          chain: `solana:${clusterName(chain.genesisHash)}`,
        }),
      );
      const [first] = signed ?? [];
      if (first === undefined)
        throw fault(
          'wallet-refused',
          t`${wallet.name} did not want to sign: nothing was sent. Try again when you are ready.`,
        );
      return new Uint8Array(first.signedTransaction);
    },
  };
}

/** What the wallet answers; undefined when it refuses, fails or is silent for too long. */
async function ask<T>(question: () => Promise<T> | undefined): Promise<T | undefined> {
  let timer = 0;
  const late = new Promise<undefined>((resolve) => {
    timer = window.setTimeout(() => resolve(undefined), SIGN_MS);
  });
  try {
    return await Promise.race([question(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
