import { generateKeyPairSync, sign } from 'node:crypto';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import { addressesOf, LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import { isSameKey, type Key, keyOf } from '#protocol/settlement/layout.ts';
import type { Address, ChainAccounts } from '#protocol/settlement/money-api.ts';
import {
  encodeMessage,
  encodeTransaction,
  type Instruction,
} from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';

/** Somebody with a key on a real chain, who does what a test wants done there. */
export interface FakeWallet {
  key: Key;
  address: Address;
  sign(message: Uint8Array): Uint8Array;
}

export function makeFakeWallet(): FakeWallet {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  const key = new Uint8Array(Buffer.from(String(x), 'base64url'));
  return {
    key,
    address: encodeBase58(key) as Address,
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

/** One call of JSON-RPC; throws what the chain refuses. */
export async function callRpc<T>(url: string, method: string, params: unknown[] = []): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', body, headers });
  const answer = (await response.json()) as { result?: T; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer.result as T;
}

export const airdrop = (url: string, { address }: FakeWallet): Promise<string> =>
  callRpc(url, 'requestAirdrop', [address, 100_000_000_000]);

/** Sends what the first wallet pays for and all of them sign. */
export async function send(
  url: string,
  instructions: readonly Instruction[],
  [payer, ...others]: readonly [FakeWallet, ...FakeWallet[]],
): Promise<void> {
  type Latest = { value: { blockhash: string } };
  const { value } = await callRpc<Latest>(url, 'getLatestBlockhash');
  const message = encodeMessage(instructions, {
    payer: payer.key,
    blockhash: keyOf(value.blockhash),
  });
  const signatures = message.signers.map((key) => {
    const signer = [payer, ...others].find((each) => isSameKey(each.key, key));
    return signer?.sign(message.bytes) ?? new Uint8Array(64);
  });
  const transaction = encodeBase64(encodeTransaction(message, signatures));
  await callRpc(url, 'sendTransaction', [transaction, { encoding: 'base64' }]);
}

export const CHALLENGE_SECS = 5n;
export const GRACE_SECS = 60n;
export const local = {
  instructions: instructionsOf(keyOf(LOCAL_PROGRAM)),
  addresses: addressesOf(keyOf(LOCAL_PROGRAM)),
};

/** Makes a config and a pool of SOL on a development chain, as `npm start` does. */
export async function makeFakePool(
  url: string,
  { clusterTag, admin = makeFakeWallet() }: { clusterTag?: Key; admin?: FakeWallet } = {},
): Promise<ChainAccounts> {
  await airdrop(url, admin);
  const config = local.addresses.config(admin.key);
  const pool = local.addresses.pool(config, EMPTY_KEY);
  const at = { payer: admin.key, admin: admin.key, config };
  const settings = {
    guardian: admin.key,
    treasury: admin.key,
    clusterTag: clusterTag ?? keyOf(await callRpc(url, 'getGenesisHash')),
    feeBps: 0,
    challengeSecs: CHALLENGE_SECS,
    timelockSecs: 60n,
    graceSecs: GRACE_SECS,
    deadManSecs: 3_600n,
    unbondSecs: 3_600n,
  };
  const made = [
    local.instructions.initConfig(at, settings),
    local.instructions.createPool({ ...at, pool }, { periodCap: 10n ** 12n }),
  ];
  await send(url, made, [admin]);
  const address = (key: Key) => encodeBase58(key) as Address;
  return { program: LOCAL_PROGRAM as Address, config: address(config), pool: address(pool) };
}

/** A cluster that this chain is not. */
export const OTHER_CLUSTER: Key = sha256(utf8ToBytes('another cluster'));
