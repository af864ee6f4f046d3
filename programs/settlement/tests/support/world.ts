import { concatBytes, sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import {
  Bond,
  Config,
  decodeAccount,
  Escrow,
  nextAttempt,
  PAGE_SLOTS,
  Page,
  Pool,
  turnOf,
  turnSecs,
} from '#protocol/settlement/accounts.ts';
import { addressesOf, associatedAccount } from '#protocol/settlement/addresses.ts';
import {
  attestedBytes,
  type Content,
  checkSignatures,
  hashAttestation,
  hashContent,
} from '#protocol/settlement/attestation.ts';
import { instructionsOf, type Tokens } from '#protocol/settlement/instructions.ts';
import type { Key, Layout } from '#protocol/settlement/layout.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import {
  buildTree,
  EMPTY_KEY,
  proveLeaf,
  type Tree,
  type TreeTag,
} from '#protocol/settlement/tree.ts';
import type { Result } from '#protocol/values/refusal.ts';
import {
  Chain,
  type ChainOptions,
  type Outcome,
  openSigner,
  PROGRAM_ID,
  type Signer,
  SOL,
} from './chain.ts';
import { MINT, putMint, putTokens, tokensOf } from './tokens.ts';

export const addresses = addressesOf(PROGRAM_ID);
export const instructions = instructionsOf(PROGRAM_ID);
export const CHALLENGE_SECS = 600n;
export const TIMELOCK_SECS = 86_400n;
export const GRACE_SECS = 7_200n;
export const DEAD_MAN_SECS = 14n * 86_400n;
export const UNBOND_SECS = 20_000n;
export const EPOCH_CAP = 1_000n * SOL;
export const DEADLINE_SECS = 30n * 86_400n;
export const SETTINGS = {
  guardian: openSigner('guardian').key,
  treasury: openSigner('treasury').key,
  clusterTag: sha256(utf8ToBytes('a cluster')),
  feeBps: 500,
  challengeSecs: CHALLENGE_SECS,
  timelockSecs: TIMELOCK_SECS,
  graceSecs: GRACE_SECS,
  deadManSecs: DEAD_MAN_SECS,
  unbondSecs: UNBOND_SECS,
};

/** A leaf of either tree; `undefined` is an empty one. */
export type LeafOf = { recipient: Key; cumulative: bigint } | undefined;

export interface Period {
  claims: Tree;
  spends: Tree;
  claimLeaves: readonly LeafOf[];
  spendLeaves: readonly LeafOf[];
  content: Content;
}

export interface WorldOptions extends ChainOptions {
  /** Pay in tokens instead of SOL. */
  tokens?: boolean;
  /** On the chain of that one, under another admin. */
  beside?: World;
  verifiers?: number;
  quorum?: number;
}

/** Both forms of money, on the features of mainnet and on all there are. */
export const KINDS = [
  { tokens: false, features: 'mainnet' },
  { tokens: true, features: 'mainnet' },
  { tokens: false, features: 'all' },
  { tokens: true, features: 'all' },
] as const;

/** Throws what a test did not expect to be refused. */
export function must(outcome: Outcome): Outcome {
  if (outcome.refused !== undefined) throw new Error(`refused: ${outcome.refused}`);
  return outcome;
}

export function take<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.refusal.message);
  return result.value;
}

/** A config, a set of verifiers, and a pool, ready for escrows. */
export class World {
  readonly chain: Chain;
  readonly admin: Signer;
  readonly guardian = openSigner('guardian');
  readonly poster = openSigner('poster');
  readonly verifiers: Signer[];
  readonly mint: Key;
  readonly config: Key;
  readonly set: Key;
  readonly pool: Key;
  readonly vault: Key;
  readonly usesTokens: boolean;

  constructor({
    tokens = false,
    verifiers = 3,
    quorum = 2,
    beside,
    ...options
  }: WorldOptions = {}) {
    this.chain = beside?.chain ?? new Chain(options);
    this.admin = openSigner(beside === undefined ? 'admin' : 'admin of another');
    this.config = addresses.config(this.admin.key);
    this.set = addresses.verifierSet(this.config, 1);
    this.usesTokens = tokens;
    this.mint = tokens ? MINT : EMPTY_KEY;
    this.pool = addresses.pool(this.config, this.mint);
    this.vault = addresses.vault(this.pool);
    this.verifiers = Array.from({ length: verifiers }, (_, at) => openSigner(`verifier ${at}`));
    for (const { key } of [this.poster, this.guardian, ...this.verifiers]) {
      this.chain.fund(key, 100n * SOL);
    }
    this.chain.fund(SETTINGS.treasury, SOL);
    if (tokens) {
      putMint(this.chain);
      putTokens(this.chain, this.poster.key, 10_000n * SOL);
    }
    const at = { payer: this.chain.payer.key, admin: this.admin.key, config: this.config };
    must(this.chain.send([instructions.initConfig(at, SETTINGS)], [this.admin]));
    const keys = this.verifiers.map(({ key }) => key);
    must(
      this.chain.send(
        [instructions.newVerifierSet({ ...at, set: this.set }, { quorum, keys })],
        [this.admin],
      ),
    );
    const made = tokens ? { vault: this.vault, mint: this.mint } : undefined;
    must(
      this.chain.send(
        [instructions.createPool({ ...at, pool: this.pool, made }, { periodCap: EPOCH_CAP })],
        [this.admin],
      ),
    );
  }

  read<T extends { kind: number; version: number }>(layout: Layout<T>, key: Key): T {
    return take(decodeAccount(layout, this.chain.account(key)?.data ?? new Uint8Array()));
  }
  poolState = (): Pool => this.read(Pool, this.pool);
  configState = (): Config => this.read(Config, this.config);
  escrowState = (escrow: Key): Escrow => this.read(Escrow, escrow);
  pageState = (pageNo = 0): Page => this.read(Page, this.page(pageNo));
  page = (pageNo = 0): Key => addresses.page(this.pool, pageNo);
  escrow = (nonce = 0n, poster = this.poster): Key =>
    addresses.escrow(this.pool, poster.key, nonce);
  bond = (verifier: Signer): Key => addresses.bond(this.config, verifier.key);
  bondState = (verifier: Signer): Bond => this.read(Bond, this.bond(verifier));

  /** So many lamports more as the bond of each verifier. */
  putBonds(lamports: bigint, verifiers = this.verifiers): void {
    for (const verifier of verifiers) {
      const at = { verifier: verifier.key, config: this.config, bond: this.bond(verifier) };
      must(this.chain.send([instructions.bond(at, { lamports })], [verifier]));
    }
  }

  /** Token accounts of a movement, in a pool of tokens. */
  tokens(from: Key, to: Key): Tokens | undefined {
    return this.usesTokens ? { from, to, mint: this.mint } : undefined;
  }
  wallet = (owner: Key) => associatedAccount(owner, this.mint);

  openEscrow(
    nonce = 0n,
    poster = this.poster,
    deadline = this.chain.now + DEADLINE_SECS,
  ): Instruction {
    const escrow = this.escrow(nonce, poster);
    const made = this.usesTokens ? { vault: addresses.vault(escrow), mint: this.mint } : undefined;
    const { config, pool } = this;
    return instructions.openEscrow(
      { payer: this.chain.payer.key, poster: poster.key, config, pool, escrow, made },
      { nonce, deadline },
    );
  }

  deposit(amount: bigint, nonce = 0n, poster = this.poster): Instruction {
    const escrow = this.escrow(nonce, poster);
    const tokens = this.tokens(this.wallet(poster.key).key, addresses.vault(escrow));
    const { config, pool } = this;
    return instructions.deposit(
      { depositor: poster.key, config, pool, escrow, tokens },
      { amount },
    );
  }

  /** An escrow of the poster with so much in it. */
  fundEscrow(amount: bigint, nonce = 0n): Key {
    must(this.chain.send([this.openEscrow(nonce), this.deposit(amount, nonce)], [this.poster]));
    return this.escrow(nonce);
  }

  requestRefund(nonce = 0n): Instruction {
    const { config, pool, poster } = this;
    return instructions.requestRefund({
      poster: poster.key,
      config,
      pool,
      escrow: this.escrow(nonce),
    });
  }

  closeEscrow(nonce = 0n): Instruction {
    const escrow = this.escrow(nonce);
    const vault = this.usesTokens ? addresses.vault(escrow) : undefined;
    const rentPayer = this.chain.payer.key;
    const { pool, poster } = this;
    return instructions.closeEscrow({ poster: poster.key, pool, escrow, rentPayer, vault });
  }

  retire(): Instruction {
    const { admin, config, pool } = this;
    return instructions.retirePool({ admin: admin.key, config, pool });
  }

  /** Money in an escrow, beside its rent. */
  heldBy = (escrow: Key): bigint =>
    this.usesTokens
      ? tokensOf(this.chain, addresses.vault(escrow))
      : this.chain.lamports(escrow) - this.chain.rent(Escrow.bytes);

  createPage(pageNo = 0): Instruction {
    return instructions.createPage(
      { payer: this.chain.payer.key, pool: this.pool, page: this.page(pageNo) },
      { pageNo },
    );
  }

  period(claimLeaves: readonly LeafOf[], spendLeaves: readonly LeafOf[]): Period {
    const claims = this.tree('claim/v1', claimLeaves);
    const spends = this.tree('spend/v1', spendLeaves);
    const content = {
      claimRoot: claims.root,
      spendRoot: spends.root,
      total: claims.total,
      claimLeafCount: claims.leafCount,
      spendLeafCount: spends.leafCount,
      dataHash: sha256(concatBytes(claims.root, spends.root)),
    };
    return { claims, spends, claimLeaves, spendLeaves, content };
  }

  tree(tag: TreeTag, leaves: readonly LeafOf[]): Tree {
    return buildTree({
      tag,
      pool: this.pool,
      recipients: concatBytes(...leaves.map((leaf) => leaf?.recipient ?? EMPTY_KEY)),
      cumulative: BigUint64Array.from(leaves, (leaf) => leaf?.cumulative ?? 0n),
    });
  }

  place(set = 1) {
    const pool = this.poolState();
    const { period, roots } = pool;
    const last = roots.find((root) => root.period === period);
    const { clusterTag } = SETTINGS;
    const previous = last?.claimRoot ?? EMPTY_KEY;
    return {
      clusterTag,
      program: PROGRAM_ID,
      pool: this.pool,
      setId: set,
      period: period + 1n,
      attempt: nextAttempt(pool, this.chain.now),
      previous,
    };
  }

  get expiresAt(): bigint {
    return this.chain.now + GRACE_SECS;
  }

  /** The verifier that may propose alone now. */
  get inTurn(): Signer {
    const members = this.verifiers.length;
    const member = this.verifiers[turnOf(SETTINGS, { members }, this.chain.now)];
    if (member === undefined) throw new RangeError('a turn of nobody');
    return member;
  }

  /** Lets time pass until this member's turn begins, or not at all where it has the turn. */
  warpToTurn(place: number): Signer {
    const secs = turnSecs(SETTINGS);
    while (this.inTurn !== this.verifiers[place]) {
      this.chain.warp(secs - (this.chain.now % secs));
    }
    return this.inTurn;
  }

  /** The chain's check of what these verifiers sign. */
  signatures(digest: Key, signers: readonly Signer[]): Instruction {
    const message = attestedBytes(digest);
    return checkSignatures(
      message,
      signers.map((signer) => ({ key: signer.key, signature: signer.sign(message) })),
    );
  }

  propose(
    { content }: Pick<Period, 'content'>,
    signers = this.verifiers.slice(0, 2),
  ): Instruction[] {
    const expiresAt = this.expiresAt;
    const place = this.place();
    const digest = hashAttestation(place, hashContent(content), expiresAt);
    return [
      this.signatures(digest, signers),
      instructions.proposeRoot(
        { config: this.config, pool: this.pool, set: this.set },
        { period: place.period, content, expiresAt },
      ),
    ];
  }

  finalize = (): Instruction => instructions.finalizeRoot({ config: this.config, pool: this.pool });

  /** Proposes, waits and makes final. */
  settle(period: Period): void {
    must(this.chain.send(this.propose(period)));
    this.chain.warp(CHALLENGE_SECS);
    must(this.chain.send([this.finalize()]));
  }

  pull(period: Period, nonce = 0n): Instruction {
    const escrow = this.escrow(nonce);
    const { index } = this.escrowState(escrow);
    return instructions.pull(
      { pool: this.pool, escrow, tokens: this.tokens(addresses.vault(escrow), this.vault) },
      { cumulative: period.spendLeaves[index]?.cumulative ?? 0n },
      take(proveLeaf(period.spends, index)),
    );
  }

  claim(period: Period, index: number, number = this.poolState().period): Instruction {
    const { recipient, cumulative } = period.claimLeaves[index] ?? {
      recipient: EMPTY_KEY,
      cumulative: 0n,
    };
    const wallet = this.usesTokens ? this.wallet(recipient) : undefined;
    return instructions.claim(
      {
        pool: this.pool,
        page: this.page(Math.floor(index / PAGE_SLOTS)),
        recipient,
        tokens: wallet && this.tokens(this.vault, wallet.key),
      },
      { period: number, index, cumulative, walletBump: wallet?.bump ?? 0 },
      take(proveLeaf(period.claims, index)),
    );
  }

  refund(period: Period | undefined, nonce = 0n): Instruction {
    const escrow = this.escrow(nonce);
    const { index } = this.escrowState(escrow);
    const leaf = period?.spendLeaves[index];
    const known = period !== undefined && index < period.spends.leafCount;
    const wallet = this.usesTokens ? this.wallet(this.poster.key) : undefined;
    const { config, pool } = this;
    return instructions.refund(
      {
        config,
        pool,
        escrow,
        poster: this.poster.key,
        tokens: wallet && this.tokens(addresses.vault(escrow), wallet.key),
      },
      {
        walletBump: wallet?.bump ?? 0,
        recipient: leaf?.recipient ?? EMPTY_KEY,
        cumulative: leaf?.cumulative ?? 0n,
      },
      known ? take(proveLeaf(period.spends, index)) : new Uint8Array(),
    );
  }
}
