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

export interface Vault {
  vault: Key;
  mint: Key;
}

/**
 * Instructions of the settlement program. Who does what with which accounts is drawn above each
 * file of `programs/settlement/src/instructions/`; here are the same lists, in the same order.
 */
const DATA = {
  initConfig: [
    0,
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
  ],
  newVerifierSet: [1, struct({ quorum: u8, members: u8 })],
  bond: [2, struct({ lamports: u64 })],
  unbond: [3, struct({})],
  createPool: [4, struct({ periodCap: u64 })],
  openEscrow: [5, struct({ nonce: u64, deadline: u64 })],
  deposit: [6, struct({ amount: u64 })],
  createPage: [7, struct({ pageNo: u32 })],
  proposeRoot: [8, struct({ period: u64, content: Content, expiresAt: u64 })],
  attest: [9, struct({})],
  challengeClaim: [
    10,
    struct({
      index: u32,
      pendingRecipient: key,
      pendingCumulative: u64,
      finalRecipient: key,
      finalCumulative: u64,
    }),
  ],
  challengeSpend: [11, struct({ recipient: key, cumulative: u64 })],
  challengeDouble: [
    12,
    struct({
      verifier: key,
      setId: u32,
      period: u64,
      attempt: u64,
      statements: list(struct({ previous: key, content: key, expiresAt: u64 }), 2),
    }),
  ],
  veto: [13, struct({})],
  finalizeRoot: [14, struct({})],
  pull: [15, struct({ cumulative: u64 })],
  claim: [16, struct({ period: u64, index: u32, cumulative: u64, walletBump: u8 })],
  requestRefund: [17, struct({})],
  refund: [18, struct({ walletBump: u8, recipient: key, cumulative: u64 })],
  closeEscrow: [19, struct({})],
  closePage: [20, struct({})],
  pause: [21, struct({ paused: u8 })],
  retirePool: [22, struct({})],
} as const;

type Name = keyof typeof DATA;
type Data<N extends Name> = (typeof DATA)[N][1] extends Layout<infer T> ? T : never;
/** Every instruction's name and number. */
export const TAGS = Object.fromEntries(
  Object.entries(DATA).map(([name, [tag]]) => [name, tag]),
) as Record<Name, number>;

const none = new Uint8Array();

/** u8 tag | the fields | what follows them: a proof, keys */
function encodeData<N extends Name>(name: N, value: Data<N>, rest: Uint8Array = none): Uint8Array {
  const [tag, layout] = DATA[name];
  return concatBytes(Uint8Array.of(tag), encode(layout as Layout<Data<N>>, value), rest);
}

const read = (key: Key): Meta => ({ key, signer: false, writable: false });
const write = (key: Key): Meta => ({ key, signer: false, writable: true });
const sign = (key: Key): Meta => ({ key, signer: true, writable: false });
const pay = (key: Key): Meta => ({ key, signer: true, writable: true });
const system = read(PROGRAMS.system);
const sysvar = read(PROGRAMS.instructions);
const token = read(PROGRAMS.token);

const tokenMetas = (tokens: Tokens | undefined): Meta[] =>
  tokens === undefined ? [] : [write(tokens.from), write(tokens.to), read(tokens.mint), token];
const vaultMetas = (made: Vault | undefined): Meta[] =>
  made === undefined ? [] : [write(made.vault), read(made.mint), token];

export interface Roots {
  config: Key;
  pool: Key;
  set: Key;
}
export interface Heirs {
  challenger: Key;
  treasury: Key;
  /** Of every signer of the pending root, in the order of the set. */
  bonds: readonly Key[];
}
const rootMetas = ({ config, pool, set }: Roots): Meta[] => [read(config), write(pool), read(set)];
const heirMetas = ({ challenger, treasury }: Omit<Heirs, 'bonds'>): Meta[] => [
  write(challenger),
  write(treasury),
];

type Make = (accounts: Meta[], data: Uint8Array) => Instruction;

/** What the admin, the guardian and verifiers set up. */
const setUp = (make: Make) => ({
  initConfig: (at: { payer: Key; admin: Key; config: Key }, data: Data<'initConfig'>) =>
    make([pay(at.payer), sign(at.admin), write(at.config), system], encodeData('initConfig', data)),
  newVerifierSet: (
    at: { payer: Key; admin: Key; config: Key; set: Key },
    { quorum, keys }: { quorum: number; keys: readonly Key[] },
  ) =>
    make(
      [pay(at.payer), sign(at.admin), write(at.config), write(at.set), system],
      encodeData('newVerifierSet', { quorum, members: keys.length }, concatBytes(...keys)),
    ),
  bond: (at: { verifier: Key; config: Key; bond: Key }, data: Data<'bond'>) =>
    make([pay(at.verifier), read(at.config), write(at.bond), system], encodeData('bond', data)),
  unbond: (at: { verifier: Key; config: Key; bond: Key }) =>
    make([pay(at.verifier), read(at.config), write(at.bond)], encodeData('unbond', {})),
  createPool: (
    at: { payer: Key; admin: Key; config: Key; pool: Key; made?: Vault | undefined },
    data: Data<'createPool'>,
  ) =>
    make(
      [
        pay(at.payer),
        sign(at.admin),
        read(at.config),
        write(at.pool),
        system,
        ...vaultMetas(at.made),
      ],
      encodeData('createPool', data),
    ),
  pause: (at: { guardian: Key; config: Key }, data: Data<'pause'>) =>
    make([sign(at.guardian), write(at.config)], encodeData('pause', data)),
  retirePool: (at: { admin: Key; config: Key; pool: Key }) =>
    make([sign(at.admin), read(at.config), write(at.pool)], encodeData('retirePool', {})),
});

/** A poster's escrow, and pages of claims. */
const escrows = (make: Make) => ({
  openEscrow: (
    at: {
      payer: Key;
      poster: Key;
      config: Key;
      pool: Key;
      escrow: Key;
      made?: Vault | undefined;
    },
    data: Data<'openEscrow'>,
  ) =>
    make(
      [
        pay(at.payer),
        sign(at.poster),
        read(at.config),
        write(at.pool),
        write(at.escrow),
        system,
        ...vaultMetas(at.made),
      ],
      encodeData('openEscrow', data),
    ),
  deposit: (
    at: { depositor: Key; config: Key; pool: Key; escrow: Key; tokens?: Tokens | undefined },
    data: Data<'deposit'>,
  ) =>
    make(
      [
        pay(at.depositor),
        read(at.config),
        read(at.pool),
        write(at.escrow),
        system,
        ...tokenMetas(at.tokens),
      ],
      encodeData('deposit', data),
    ),
  createPage: (at: { payer: Key; pool: Key; page: Key }, data: Data<'createPage'>) =>
    make([pay(at.payer), read(at.pool), write(at.page), system], encodeData('createPage', data)),
});

/** A root from its proposal to its end. */
const roots = (make: Make) => ({
  /** Needs `checkSignatures` just before it in the transaction, as `attest` does. */
  proposeRoot: (at: Roots, data: Data<'proposeRoot'>) =>
    make([...rootMetas(at), sysvar], encodeData('proposeRoot', data)),
  attest: (at: Roots) => make([...rootMetas(at), sysvar], encodeData('attest', {})),
  veto: (at: { guardian: Key; config: Key; pool: Key }) =>
    make([sign(at.guardian), read(at.config), write(at.pool)], encodeData('veto', {})),
  finalizeRoot: (at: { config: Key; pool: Key }) =>
    make([read(at.config), write(at.pool)], encodeData('finalizeRoot', {})),
});

/** What shows that a pending root is wrong. */
const challenges = (make: Make) => ({
  challengeClaim: (
    at: Roots & Heirs,
    data: Data<'challengeClaim'>,
    proofs: { pending: Uint8Array; final: Uint8Array },
  ) =>
    make(
      [...rootMetas(at), ...heirMetas(at), ...at.bonds.map(write)],
      encodeData('challengeClaim', data, concatBytes(proofs.pending, proofs.final)),
    ),
  challengeSpend: (
    at: Roots & Heirs & { escrow: Key },
    data: Data<'challengeSpend'>,
    proof: Uint8Array,
  ) =>
    make(
      [...rootMetas(at), ...heirMetas(at), read(at.escrow), ...at.bonds.map(write)],
      encodeData('challengeSpend', data, proof),
    ),
  /**
   * Needs two `checkSignatures` before it: that of the second statement, then that of the first.
   */
  challengeDouble: (
    at: { config: Key; pool: Key; challenger: Key; treasury: Key; bond: Key },
    data: Data<'challengeDouble'>,
  ) =>
    make(
      [read(at.config), read(at.pool), sysvar, ...heirMetas(at), write(at.bond)],
      encodeData('challengeDouble', data),
    ),
});

/** Money out of escrows, by a final root. */
const payments = (make: Make) => ({
  pull: (
    at: { pool: Key; escrow: Key; tokens?: Tokens | undefined },
    data: Data<'pull'>,
    proof: Uint8Array,
  ) =>
    make(
      [write(at.pool), write(at.escrow), ...tokenMetas(at.tokens)],
      encodeData('pull', data, proof),
    ),
  claim: (
    at: { pool: Key; page: Key; recipient: Key; tokens?: Tokens | undefined },
    data: Data<'claim'>,
    proof: Uint8Array,
  ) =>
    make(
      [write(at.pool), write(at.page), write(at.recipient), ...tokenMetas(at.tokens)],
      encodeData('claim', data, proof),
    ),
});

/** What a poster gets back. */
const refunds = (make: Make) => ({
  requestRefund: (at: { poster: Key; config: Key; pool: Key; escrow: Key }) =>
    make(
      [sign(at.poster), read(at.config), read(at.pool), write(at.escrow)],
      encodeData('requestRefund', {}),
    ),
  refund: (
    at: { config: Key; pool: Key; escrow: Key; poster: Key; tokens?: Tokens | undefined },
    data: Data<'refund'>,
    proof: Uint8Array,
  ) =>
    make(
      [
        read(at.config),
        read(at.pool),
        write(at.escrow),
        write(at.poster),
        ...tokenMetas(at.tokens),
      ],
      encodeData('refund', data, proof),
    ),
  closeEscrow: (at: {
    poster: Key;
    pool: Key;
    escrow: Key;
    rentPayer: Key;
    vault?: Key | undefined;
  }) =>
    make(
      [
        sign(at.poster),
        read(at.pool),
        write(at.escrow),
        write(at.rentPayer),
        ...(at.vault === undefined ? [] : [write(at.vault), token]),
      ],
      encodeData('closeEscrow', {}),
    ),
  closePage: (at: { pool: Key; page: Key; rentPayer: Key }) =>
    make([read(at.pool), write(at.page), write(at.rentPayer)], encodeData('closePage', {})),
});

/** Instructions of the settlement program at one address. */
export const instructionsOf = (program: Key) => {
  const make: Make = (accounts, data) => ({ program, accounts, data });
  return {
    ...setUp(make),
    ...escrows(make),
    ...roots(make),
    ...challenges(make),
    ...payments(make),
    ...refunds(make),
  };
};

export type Instructions = ReturnType<typeof instructionsOf>;
