import { concatBytes } from '../bytes/digest.ts';
import { PROGRAMS } from './addresses.ts';
import { Content } from './attestation.ts';
import { encode, type Key, key, type Layout, list, struct, u8, u16, u32, u64 } from './layout.ts';
import type { Instruction, Meta } from './transaction.ts';

/** Token accounts money comes from and goes to, for pools of tokens alone. */
export interface Tokens {
  from: Key;
  to: Key;
  mint: Key;
}

/** What a caller gives for a place in the list of accounts, and the accounts that stand there. */
type Role<V> = (given: V) => Meta[];

const use =
  (signer: boolean, writable: boolean): Role<Key> =>
  (key) => [{ key, signer, writable }];
const read = use(false, false);
const write = use(false, true);
const sign = use(true, false);
const pay = use(true, true);
const writeAll: Role<readonly Key[]> = (keys) => keys.flatMap(write);

const fixed =
  (key: Key): Role<void> =>
  () =>
    read(key);
const system = fixed(PROGRAMS.system);
const sysvar = fixed(PROGRAMS.instructions);
const token = read(PROGRAMS.token);

const moved: Role<Tokens | undefined> = (given) =>
  given === undefined
    ? []
    : [...write(given.from), ...write(given.to), ...read(given.mint), ...token];
const vaultOf: Role<{ vault: Key; mint: Key } | undefined> = (made) =>
  made === undefined ? [] : [...write(made.vault), ...read(made.mint), ...token];
const emptied: Role<Key | undefined> = (vault) =>
  vault === undefined ? [] : [...write(vault), ...token];

const root = { config: read, pool: write, set: read };
const heirs = { challenger: write, treasury: write };
const nothing = struct({});

const of = <R, T>(tag: number, accounts: R, data: Layout<T>) => ({ tag, accounts, data });

/**
 * Instructions of the settlement program: number, accounts, data. Who does what with which accounts
 * is drawn above each file of `programs/settlement/src/instructions/`, in the same order.
 */
const INSTRUCTIONS = {
  initConfig: of(
    0,
    { payer: pay, admin: sign, config: write, system },
    struct({
      guardian: key,
      treasury: key,
      clusterTag: key,
      feeBps: u16,
      challengeSecs: u64,
      timelockSecs: u64,
      graceSecs: u64,
      deadManSecs: u64,
      unbondSecs: u64,
    }),
  ),
  newVerifierSet: of(
    1,
    { payer: pay, admin: sign, config: write, set: write, system },
    struct({ quorum: u8, members: u8 }),
  ),
  bond: of(2, { verifier: pay, config: read, bond: write, system }, struct({ lamports: u64 })),
  /** `newest` and `before`: the two newest sets of the config; where there is one only, twice that. */
  unbond: of(3, { verifier: pay, config: read, bond: write, newest: read, before: read }, nothing),
  createPool: of(
    4,
    { payer: pay, admin: sign, config: read, pool: write, system, made: vaultOf },
    struct({ periodCap: u64 }),
  ),
  openEscrow: of(
    5,
    { payer: pay, poster: sign, config: read, pool: write, escrow: write, system, made: vaultOf },
    struct({ nonce: u64, deadline: u64 }),
  ),
  deposit: of(
    6,
    { depositor: pay, config: read, pool: read, escrow: write, system, tokens: moved },
    struct({ amount: u64 }),
  ),
  createPage: of(7, { payer: pay, pool: read, page: write, system }, struct({ pageNo: u32 })),
  /** Needs `checkSignatures` just before it in the transaction, as `attest` does. */
  proposeRoot: of(
    8,
    { ...root, sysvar },
    struct({ period: u64, content: Content, expiresAt: u64 }),
  ),
  attest: of(9, { ...root, sysvar }, nothing),
  /** `bonds`: of every signer of the pending root, in the order of the set. */
  challengeClaim: of(
    10,
    { ...root, ...heirs, bonds: writeAll },
    struct({
      index: u32,
      pendingRecipient: key,
      pendingCumulative: u64,
      finalRecipient: key,
      finalCumulative: u64,
    }),
  ),
  challengeSpend: of(
    11,
    { ...root, ...heirs, escrow: read, bonds: writeAll },
    struct({ recipient: key, cumulative: u64 }),
  ),
  /** Needs `checkSignatures` of the second statement, then of the first, before it. */
  challengeDouble: of(
    12,
    { config: read, pool: read, sysvar, ...heirs, bond: write },
    struct({
      verifier: key,
      setId: u32,
      period: u64,
      attempt: u64,
      statements: list(struct({ previous: key, content: key, expiresAt: u64 }), 2),
    }),
  ),
  veto: of(13, { guardian: sign, config: read, pool: write }, nothing),
  finalizeRoot: of(14, { config: read, pool: write }, nothing),
  pull: of(15, { pool: write, escrow: write, tokens: moved }, struct({ cumulative: u64 })),
  claim: of(
    16,
    { pool: write, page: write, recipient: write, tokens: moved },
    struct({ period: u64, index: u32, cumulative: u64, walletBump: u8 }),
  ),
  requestRefund: of(17, { poster: sign, config: read, pool: read, escrow: write }, nothing),
  refund: of(
    18,
    { config: read, pool: read, escrow: write, poster: write, tokens: moved },
    struct({ walletBump: u8, recipient: key, cumulative: u64 }),
  ),
  closeEscrow: of(
    19,
    { poster: sign, pool: read, escrow: write, rentPayer: write, vault: emptied },
    nothing,
  ),
  closePage: of(20, { pool: read, page: write, rentPayer: write }, nothing),
  pause: of(21, { guardian: sign, config: write }, struct({ paused: u8 })),
  retirePool: of(22, { admin: sign, config: read, pool: write }, nothing),
};

type Name = keyof typeof INSTRUCTIONS;
type Given<R> = R extends Role<infer V> ? V : never;
type Accounts<R> = {
  [K in keyof R as undefined extends Given<R[K]> ? never : K]: Given<R[K]>;
} & { [K in keyof R as undefined extends Given<R[K]> ? K : never]?: Given<R[K]> | undefined };
type Make<I> = I extends { accounts: infer R; data: Layout<infer T> }
  ? (at: Accounts<R>, ...of: keyof T extends never ? [] : [T, Uint8Array?]) => Instruction
  : never;

/** Every instruction's name and number. */
export const TAGS = Object.fromEntries(
  Object.entries(INSTRUCTIONS).map(([name, { tag }]) => [name, tag]),
) as Record<Name, number>;

/** The settlement program's instructions at one address. A proof, or keys, follow the data. */
export function instructionsOf(program: Key) {
  const make = (name: Name) => {
    const { tag, accounts, data } = INSTRUCTIONS[name];
    const roles = Object.entries(accounts as Record<string, Role<unknown>>);
    return (at: Record<string, unknown>, value: unknown = {}, rest = new Uint8Array()) => ({
      program,
      accounts: roles.flatMap(([place, role]) => role(at[place])),
      // u8 tag | the fields | what follows them
      data: concatBytes(Uint8Array.of(tag), encode(data as Layout<unknown>, value), rest),
    });
  };
  const names = Object.keys(INSTRUCTIONS) as Name[];
  const made = Object.fromEntries(names.map((name) => [name, make(name)])) as unknown as {
    [N in Name]: Make<(typeof INSTRUCTIONS)[N]>;
  };
  return {
    ...made,
    newVerifierSet: (
      at: Parameters<typeof made.newVerifierSet>[0],
      { quorum, keys }: { quorum: number; keys: readonly Key[] },
    ) => made.newVerifierSet(at, { quorum, members: keys.length }, concatBytes(...keys)),
    challengeClaim: (
      at: Parameters<typeof made.challengeClaim>[0],
      data: Parameters<typeof made.challengeClaim>[1],
      proofs: { pending: Uint8Array; final: Uint8Array },
    ) => made.challengeClaim(at, data, concatBytes(proofs.pending, proofs.final)),
  };
}
