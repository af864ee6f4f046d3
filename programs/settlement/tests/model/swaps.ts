import { bytesToHex } from '#protocol/bytes/digest.ts';
import { PROGRAMS } from '#protocol/settlement/addresses.ts';
import { isSameKey, type Key } from '#protocol/settlement/layout.ts';
import type { Instruction, Meta } from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import { type Account, openSigner, PROGRAM_ID, type Signer, SOL } from '../support/chain.ts';
import { putMint, putTokens } from '../support/tokens.ts';
import {
  addresses,
  EPOCH_CAP,
  instructions,
  must,
  SETTINGS,
  type World,
} from '../support/world.ts';
import { type Case, NEWCOMER, WORKER } from './cases.ts';

/** Something else in the place of one account. */
export interface Swap {
  name: string;
  key: Key;
  signer?: Signer;
}

export const STRANGER = openSigner('stranger');
const OTHER_ADMIN = openSigner('other admin');
const OTHER_MINT = openSigner('other mint').key;

/** What an operator who has nothing to do with the first one has: an account of every type. */
function openOther(world: World) {
  const { chain, poster, verifiers } = world;
  for (const { key } of [STRANGER, OTHER_ADMIN]) chain.fund(key, 100n * SOL);
  const config = addresses.config(OTHER_ADMIN.key);
  const set = addresses.verifierSet(config, 1);
  const pool = addresses.pool(config, EMPTY_KEY);
  const page = addresses.page(pool, 0);
  const escrow = addresses.escrow(pool, poster.key, 0n);
  const [verifier = STRANGER] = verifiers;
  const bond = addresses.bond(config, verifier.key);
  const at = { payer: chain.payer.key, admin: OTHER_ADMIN.key, config, set, pool, page, escrow };
  const deadline = chain.now + 1_000_000n;
  for (const made of [
    instructions.initConfig(at, { ...SETTINGS, guardian: STRANGER.key, treasury: STRANGER.key }),
    instructions.newVerifierSet(at, { quorum: 2, keys: verifiers.map(({ key }) => key) }),
    instructions.createPool(at, { periodCap: EPOCH_CAP }),
    instructions.createPage(at, { pageNo: 0 }),
    instructions.openEscrow({ ...at, poster: poster.key }, { nonce: 0n, deadline }),
    instructions.bond({ verifier: verifier.key, config, bond }, { lamports: SOL }),
  ]) {
    must(chain.send([made], [OTHER_ADMIN, poster, verifier]));
  }
  return { config, set, pool, page, escrow, bond };
}

/** Everything there is to mistake an account for: every type, and another of the same type. */
export function swapsOf(world: World): Swap[] {
  const other = openOther(world);
  putMint(world.chain, OTHER_MINT);
  const [first = STRANGER, second = STRANGER] = world.verifiers;
  const keys: Record<string, Key> = {
    nothing: openSigner('nothing').key,
    config: world.config,
    set: world.set,
    pool: world.pool,
    escrow: world.escrow(),
    'second escrow': world.escrow(1n),
    page: world.page(),
    'second page': world.page(1),
    bond: world.bond(first),
    'second bond': world.bond(second),
    'other config': other.config,
    'other set': other.set,
    'other pool': other.pool,
    'other escrow': other.escrow,
    'other page': other.page,
    'other bond': other.bond,
    'other mint': OTHER_MINT,
    'system program': PROGRAMS.system,
    'token program': PROGRAMS.token,
    'this program': PROGRAM_ID,
    sysvar: PROGRAMS.instructions,
  };
  if (world.usesTokens) {
    Object.assign(keys, {
      mint: world.mint,
      vault: world.vault,
      'vault of an escrow': addresses.vault(world.escrow()),
      'vault of the second escrow': addresses.vault(world.escrow(1n)),
      'wallet of the poster': world.wallet(world.poster.key).key,
      'wallet of a worker': world.wallet(WORKER.key).key,
      'wallet of a stranger': putTokens(world.chain, STRANGER.key, SOL),
    });
  }
  const signers = { stranger: STRANGER, newcomer: NEWCOMER, poster: world.poster };
  return [
    ...Object.entries(keys).map(([name, key]) => ({ name, key })),
    ...Object.entries(signers).map(([name, signer]) => ({ name, key: signer.key, signer })),
  ];
}

/** Roles that more than one account may have: any, whoever signs, or those named. */
const FREE: Record<string, 'any' | 'who signs' | string[]> = {
  payer: 'who signs',
  depositor: 'who signs',
  challenger: 'any',
  unused: 'any',
  'any escrow': ['second escrow'],
  'any page': ['second page'],
  // No program but ours and the system's can own an account at that address, and a verifier may
  // have no bond.
  'bond or none': ['of another owner'],
};

const isFree = (role: string, { name, signer }: Pick<Swap, 'name' | 'signer'>): boolean => {
  const free = FREE[role] ?? [];
  if (free === 'any') return true;
  return free === 'who signs' ? signer !== undefined : free.includes(name);
};

export interface Attack {
  name: string;
  made: Instruction[];
  signers: Signer[];
  /** What is put in the place of an account of the chain while it lasts. */
  forged?: { key: Key; account: Account };
}

/** All that a case is attacked with. */
export function attacksOn(world: World, of: Case, swaps: readonly Swap[]): Attack[] {
  const { accounts } = of.made;
  return accounts.flatMap((meta, position) => {
    const role = of.roles[position] ?? '';
    const put = (name: string, changed: Meta, signer?: Signer): Attack => ({
      name: `${position} ${role}: ${name}`,
      made: [
        ...(of.before ?? []),
        { ...of.made, accounts: accounts.map((each, at) => (at === position ? changed : each)) },
      ],
      signers: [...(of.signers ?? []), ...(signer === undefined ? [] : [signer])],
    });
    const swapped = swaps
      .filter((swap) => !isSameKey(swap.key, meta.key) && !isFree(role, swap))
      .map(({ name, key, signer }) =>
        put(name, { ...meta, key, signer: meta.signer && signer !== undefined }, signer),
      );
    // Whoever pays for the transaction signs and is written anyway.
    const isPayer = isSameKey(meta.key, world.chain.payer.key);
    const unsigned =
      meta.signer && !isPayer ? [put('no signature', { ...meta, signer: false })] : [];
    const isRead = !meta.writable || isPayer || of.idle?.includes(role);
    const locked = isRead ? [] : [put('not writable', { ...meta, writable: false })];
    const forged = forgeriesOf(world, meta)
      .filter((forgery) => !isFree(role, forgery))
      .map(({ name, key, account }) => ({
        ...put(name, { ...meta, key }),
        forged: { key, account },
      }));
    return [...swapped, ...unsigned, ...locked, ...forged];
  });
}

/** The same account of another owner, type, version or length, here or elsewhere. */
function forgeriesOf(world: World, { key }: Meta): { name: string; key: Key; account: Account }[] {
  const account = world.chain.account(key);
  if (account === undefined || !isSameKey(account.owner, PROGRAM_ID)) return [];
  const { data } = account;
  const changed = (at: number, value: number) =>
    data.map((byte, each) => (each === at ? value : byte));
  const here = (name: string, forged: Partial<Account>) => ({
    name,
    key,
    account: { ...account, ...forged },
  });
  return [
    here('of another owner', { owner: STRANGER.key }),
    here('of another type', { data: changed(0, ((data[0] ?? 0) % 6) + 1) }),
    here('of type 0', { data: changed(0, 0) }),
    here('of another version', { data: changed(1, 2) }),
    here('one byte short', { data: data.slice(0, -1) }),
    here('one byte long', { data: Uint8Array.of(...data, 0) }),
    here('empty', { data: new Uint8Array() }),
    {
      ...here('a copy that another program owns', { owner: PROGRAMS.token }),
      key: openSigner(`a copy of ${bytesToHex(key)}`).key,
    },
  ];
}

/** Sends an attack; says what it came through with, or what it changed though it failed. */
export function fight(world: World, attack: Attack): string | undefined {
  const { refused, wrong } = send(world, attack);
  return wrong ?? (refused === undefined ? `${attack.name} went through` : undefined);
}

/** What became of an attack; `wrong` is what no refusal may come with: a crash, or a change. */
export function send(
  { chain }: World,
  { name, made, signers, forged }: Attack,
): { refused: string | undefined; wrong: string | undefined } {
  const original = forged && chain.account(forged.key);
  if (forged !== undefined) chain.put(forged.key, forged.account);
  const touched = made
    .flatMap(({ accounts }) => accounts.map(({ key }) => key))
    .filter((key) => !isSameKey(key, chain.payer.key));
  const before = touched.map((key) => chain.account(key));
  chain.svm.expireBlockhash();
  const { refused } = chain.send(made, signers);
  const changed = touched.find((key, at) => !isSameAccount(before[at], chain.account(key)));
  if (forged !== undefined) {
    const gone = { lamports: 0n, owner: PROGRAMS.system, data: new Uint8Array() };
    chain.put(forged.key, original ?? gone);
  }
  if (refused === undefined) return { refused, wrong: undefined };
  // The program has no other way to stop than to answer: it panics by reading where nothing is.
  const crashed = /ProgramFailedToComplete|ComputationalBudgetExceeded/.test(refused);
  if (crashed) return { refused, wrong: `${name} ended with ${refused}` };
  const wrong = changed === undefined ? undefined : `${name} changed ${bytesToHex(changed)}`;
  return { refused, wrong };
}

const isSameAccount = (a: Account | undefined, b: Account | undefined): boolean =>
  a?.lamports === b?.lamports &&
  Buffer.compare(a?.owner ?? EMPTY_KEY, b?.owner ?? EMPTY_KEY) === 0 &&
  Buffer.compare(a?.data ?? EMPTY_KEY, b?.data ?? EMPTY_KEY) === 0;
