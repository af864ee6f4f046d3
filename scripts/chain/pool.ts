import type { Cluster } from '#client/cluster.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { Config, Page, Pool, VerifierSet } from '#protocol/settlement/accounts.ts';
import { addressesOf } from '#protocol/settlement/addresses.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import { isSameKey, type Key, keyOf } from '#protocol/settlement/layout.ts';
import type { Address, ChainAccounts } from '#protocol/settlement/money-api.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import type { Wallet } from './wallet.ts';

/** How a grid settles: who may sign, and how long things take, in seconds. */
export interface PoolSettings {
  program: Key;
  /** Verifiers' own keys. */
  verifiers: readonly Key[];
  /** How many of them have to sign. */
  quorum: number;
  challengeSecs: bigint;
  graceSecs: bigint;
  timelockSecs: bigint;
  deadManSecs: bigint;
  unbondSecs: bigint;
  /** The most lamports that one period may add. */
  periodCap: bigint;
}

/**
 * Makes what a grid settles in, and leaves what is there already: config, set of verifiers, pool of
 * SOL, first page of claims. The admin pays the rent. Another set of verifiers than the newest one
 * replaces it, under the timelock.
 */
export async function initPool(
  cluster: Cluster,
  admin: Wallet,
  settings: PoolSettings,
): Promise<ChainAccounts> {
  const { program } = settings;
  const addresses = addressesOf(program);
  const instructions = instructionsOf(program);
  const config = addresses.config(admin.key);
  const pool = addresses.pool(config, EMPTY_KEY);
  const at = { payer: admin.key, admin: admin.key, config };
  if ((await cluster.read(Config, config)) === undefined) {
    const clusterTag = keyOf(await cluster.genesisHash());
    const data = { ...settings, guardian: admin.key, treasury: admin.key, clusterTag, feeBps: 0 };
    await cluster.send([instructions.initConfig(at, data)], admin);
  }
  const { setId = 0 } = (await cluster.read(Config, config)) ?? {};
  const set = await cluster.read(VerifierSet, addresses.verifierSet(config, setId));
  const { verifiers: keys, quorum } = settings;
  if (set === undefined || !isSameSet(set, keys, quorum)) {
    const next = addresses.verifierSet(config, setId + 1);
    await cluster.send(
      [instructions.newVerifierSet({ ...at, set: next }, { keys, quorum })],
      admin,
    );
  }
  if ((await cluster.read(Pool, pool)) === undefined) {
    const { periodCap } = settings;
    await cluster.send([instructions.createPool({ ...at, pool }, { periodCap })], admin);
  }
  const page = addresses.page(pool, 0);
  if ((await cluster.read(Page, page)) === undefined) {
    await cluster.send(
      [instructions.createPage({ payer: admin.key, pool, page }, { pageNo: 0 })],
      admin,
    );
  }
  const address = (key: Key) => encodeBase58(key) as Address;
  return { program: address(program), config: address(config), pool: address(pool) };
}

function isSameSet(set: VerifierSet, keys: readonly Key[], quorum: number): boolean {
  const isSame = keys.every((key, place) => isSameKey(key, set.keys[place] ?? EMPTY_KEY));
  return set.members === keys.length && set.quorum === quorum && isSame;
}
