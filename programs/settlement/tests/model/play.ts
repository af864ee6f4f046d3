import { bytesToHex } from '#protocol/bytes/digest.ts';
import { Bond, Config, Escrow, Page, Pool, VerifierSet } from '#protocol/settlement/accounts.ts';
import { PROGRAMS } from '#protocol/settlement/addresses.ts';
import { encode, isSameKey, type Key } from '#protocol/settlement/layout.ts';
import {
  type Outcome,
  PROGRAM_ID,
  SIGNATURE_LAMPORTS,
  type Signer,
  SOL,
} from '../support/chain.ts';
import { putTokens, tokensOf } from '../support/tokens.ts';
import { instructions, World, type WorldOptions } from '../support/world.ts';
import {
  ALL,
  bondAt,
  escrowAt,
  NONCES,
  PAGES,
  PAYER,
  POSTERS,
  pageAt,
  STRANGER,
  setAt,
  TREASURY,
  VERIFIERS,
  vaultAt,
  WORKERS,
  walletAt,
} from './actors.ts';
import type { Attempt } from './attempt.ts';
import { AIMS, type Command, type Step } from './commands.ts';
import { Draw } from './draw.ts';
import { Invariants } from './invariants.ts';
import { type Code, type Model, Refused, Trees } from './model.ts';

/**
 * Steps between two looks at every account; the accounts of a transaction are looked at after each.
 */
const WHOLE_EVERY = 16;

/** Compute units an instruction may take: what goes through and what is refused. */
const UNITS_MAX: Partial<Record<Command['type'], number>> = { claim: 10_000, proposeRoot: 30_000 };
const OTHER_UNITS_MAX = 40_000;

export interface PlayOptions extends Pick<WorldOptions, 'tokens' | 'features'> {
  cheats: boolean;
}

/**
 * What came of the commands so far: how often each instruction went through, and each refusal came.
 */
export interface Tally {
  commands: number;
  done: Map<string, number>;
  refused: Map<string, number>;
}

export const openTally = (): Tally => ({ commands: 0, done: new Map(), refused: new Map() });
const count = (of: Map<string, number>, name: string) => of.set(name, (of.get(name) ?? 0) + 1);

/** The program and the model side by side. */
export class Play {
  readonly world: World;
  readonly #trees = new Trees();
  readonly #watched: Key[];
  readonly #tally: Tally;
  readonly #invariants: Invariants;
  readonly #cheats: boolean;
  #model: Model;
  #steps = 0;

  constructor({ cheats, ...options }: PlayOptions, tally: Tally) {
    this.world = new World(options);
    this.#cheats = cheats;
    this.#tally = tally;
    for (const { key } of ALL) {
      if (this.world.chain.lamports(key) === 0n) this.world.chain.fund(key, 100n * SOL);
    }
    if (this.world.usesTokens) {
      for (const { key } of [...POSTERS, STRANGER, ...WORKERS.slice(1)]) {
        putTokens(this.world.chain, key, 1_000n * SOL);
      }
    }
    this.#watched = watchedOf(this.world);
    this.#model = readModel(this.world, this.#watched);
    // An empty tree is the root before the first.
    this.#trees.note(this.world.period([], []));
    this.#invariants = new Invariants(this.world, this.#trees, this.#model);
  }

  /** Lets time pass, or sends commands in one transaction; throws where program and model part. */
  step(step: Step): void {
    if ('wait' in step) {
      this.#tally.commands += 1;
      this.world.chain.warp(step.wait);
      this.#model.now = this.world.chain.now;
      return;
    }
    this.#tally.commands += step.length;
    const before = this.#model;
    const model = step.length > 1 ? structuredClone(before) : before;
    const attempts: Attempt[] = [];
    let expected: Code | undefined;
    for (const { type, roll } of step) {
      const draw = new Draw(roll);
      const setting = { world: this.world, model, trees: this.#trees, draw, cheats: this.#cheats };
      const attempt = AIMS[type](setting);
      attempts.push(attempt);
      expected ??= refusalOf(attempt);
    }
    const { refused: outcome, units } = this.#send(attempts);
    const names = step.map(({ type }) => type).join(' + ');
    if (outcome?.endsWith('do not fit a packet')) {
      // Nothing was sent: several commands were tried on a copy, one alone must have been refused.
      if (model === before && expected === undefined) throw new Error(`${names}: ${outcome}`);
      return;
    }
    const refused = outcome?.startsWith('settlement-') ? outcome : outcome && 'runtime';
    if (refused !== expected) {
      throw new Error(
        `${names}: the model says ${expected ?? 'done'}, the program ${outcome ?? 'done'}`,
      );
    }
    const unitsMax = step.reduce((sum, { type }) => sum + (UNITS_MAX[type] ?? OTHER_UNITS_MAX), 0);
    if (units > unitsMax) throw new Error(`${names}: took ${units} units`);
    for (const { type } of step) if (refused === undefined) count(this.#tally.done, type);
    if (refused !== undefined) count(this.#tally.refused, refused);
    // A failed transaction leaves all as it was but for its fee, which is in both.
    this.#model = refused === undefined ? model : before;
    const fee = attempts.reduce((sum, attempt) => sum + precompiled(attempt), 0n);
    this.#pay(attempts, fee);
    this.#compare(names, attempts);
  }

  #send(attempts: readonly Attempt[]): Outcome {
    this.world.chain.svm.expireBlockhash();
    const made = attempts.flatMap((attempt) => attempt.made);
    return this.world.chain.send(made, signersOf(attempts));
  }

  #pay(attempts: readonly Attempt[], precompiledCount: bigint): void {
    const signers = BigInt(1 + new Set(signersOf(attempts)).size);
    const hex = bytesToHex(PAYER.key);
    const fee = (signers + precompiledCount) * SIGNATURE_LAMPORTS;
    this.#model.lamports.set(hex, (this.#model.lamports.get(hex) ?? 0n) - fee);
    this.#model.sums.fees += fee;
  }

  #compare(names: string, attempts: readonly Attempt[]): void {
    const touched = attempts.flatMap(({ made }) => made.flatMap(({ accounts }) => accounts));
    const isWhole = this.#steps++ % WHOLE_EVERY === 0;
    const keys = isWhole ? this.#watched : [PAYER.key, ...touched.map(({ key }) => key)];
    this.compareState(names, keys);
    const broken = this.#invariants.check(this.#model);
    if (broken !== undefined) throw new Error(`${names}: ${broken}`);
  }

  compareState(names: string, keys: readonly Key[] = this.#watched): void {
    const said = statesOf(this.world, this.#model);
    for (const key of keys) {
      const hex = bytesToHex(key);
      if (!this.#watched.some((each) => isSameKey(each, key))) continue;
      const found = this.world.chain.account(key);
      const lamports = this.#model.lamports.get(hex) ?? 0n;
      if ((found?.lamports ?? 0n) !== lamports) {
        throw new Error(`${names}: ${hex} has ${found?.lamports} lamports, not ${lamports}`);
      }
      const tokens = this.#model.tokens.get(hex);
      if (tokens !== undefined && tokensOf(this.world.chain, key) !== tokens) {
        throw new Error(`${names}: ${hex} has other tokens than ${tokens}`);
      }
      const value = said.get(hex);
      const isOurs = found !== undefined && isSameKey(found.owner, PROGRAM_ID);
      if (isOurs !== (value !== undefined)) throw new Error(`${names}: ${hex} is ours: ${isOurs}`);
      if (value !== undefined && Buffer.compare(found?.data ?? new Uint8Array(), value()) !== 0) {
        throw new Error(`${names}: ${hex} says something else than the model`);
      }
    }
  }

  /**
   * After twice the dead man's time each poster gets the rest back without anybody's help, and only
   * once.
   */
  finish(): void {
    const { world } = this;
    this.compareState('at the end');
    world.chain.warp(2n * this.#model.config.deadManSecs);
    for (const [hex, escrow] of this.#model.escrows) {
      const key = new Uint8Array(Buffer.from(hex, 'hex'));
      const wallet = world.usesTokens ? walletAt(escrow.poster, world.mint) : undefined;
      const { config, pool } = world;
      const tokens = wallet && world.tokens(vaultAt(key).key, wallet.key);
      const at = { config, pool, escrow: key, poster: escrow.poster, tokens };
      const data = { walletBump: wallet?.bump ?? 0, recipient: PROGRAM_ID, cumulative: 0n };
      const rest = escrow.deposited - escrow.pulled - escrow.refunded;
      for (const due of [rest, 0n]) {
        world.chain.svm.expireBlockhash();
        const before = this.#held(escrow.poster);
        const { refused } = world.chain.send([instructions.refund(at, data, new Uint8Array())]);
        const got = this.#held(escrow.poster) - before;
        if (got !== due || (refused === undefined) !== due > 0n) {
          throw new Error(`the refund of ${due} at the end: ${refused ?? 'done'}, ${got} came`);
        }
      }
    }
  }

  #held(owner: Key): bigint {
    const { world } = this;
    if (!world.usesTokens) return world.chain.lamports(owner);
    return tokensOf(world.chain, walletAt(owner, world.mint).key);
  }
}

function refusalOf({ rule }: Attempt): Code | undefined {
  try {
    rule();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

/** Signatures that the chain's own program checks, each paid for like one of the transaction. */
const precompiled = ({ made }: Attempt): bigint =>
  made.reduce(
    (sum, { program, data }) =>
      isSameKey(program, PROGRAMS.ed25519) ? sum + BigInt(data[0] ?? 0) : sum,
    0n,
  );

const signersOf = (attempts: readonly Attempt[]): Signer[] =>
  attempts.flatMap(({ signers }) => signers).filter((signer) => signer !== PAYER);

function watchedOf({ config, pool, mint, usesTokens }: World): Key[] {
  const escrows = POSTERS.flatMap(({ key }) => NONCES.map((nonce) => escrowAt(pool, key, nonce)));
  const vaults = [pool, ...escrows.map(({ key }) => key)].map(vaultAt);
  const wallets = usesTokens ? ALL.map(({ key }) => walletAt(key, mint)) : [];
  const pages = PAGES.map((pageNo) => pageAt(pool, pageNo));
  const sets = [1, 2, 3, 4, 5, 6].map((setId) => setAt(config, setId));
  const bonds = VERIFIERS.map(({ key }) => bondAt(config, key));
  const derived = [...escrows, ...vaults, ...wallets, ...pages, ...sets, ...bonds];
  return [...ALL.map(({ key }) => key), TREASURY, config, pool, ...derived.map(({ key }) => key)];
}

/** The state a world begins in. */
function readModel(world: World, watched: readonly Key[]): Model {
  const found = watched.flatMap((key) => {
    const account = world.chain.account(key);
    return account === undefined ? [] : [{ hex: bytesToHex(key), key, account }];
  });
  const tokens = found.filter(({ account }) => isSameKey(account.owner, PROGRAMS.token));
  return {
    now: world.chain.now,
    usesTokens: world.usesTokens,
    config: world.configState(),
    pool: world.poolState(),
    sets: new Map([[1, world.read(VerifierSet, world.set)]]),
    escrows: new Map(),
    pages: new Map(),
    bonds: new Map(),
    lamports: new Map(found.map(({ hex, account }) => [hex, account.lamports])),
    tokens: new Map(tokens.map(({ hex, key }) => [hex, tokensOf(world.chain, key)])),
    sums: { deposited: 0n, refunded: 0n, claimed: 0n, fees: 0n, strays: new Map() },
  };
}

/** What each account of ours should hold, byte for byte. */
function statesOf(world: World, model: Model): Map<string, () => Uint8Array> {
  const states = new Map<string, () => Uint8Array>();
  states.set(bytesToHex(world.config), () => encode(Config, model.config));
  states.set(bytesToHex(world.pool), () => encode(Pool, model.pool));
  for (const [setId, set] of model.sets) {
    states.set(bytesToHex(setAt(world.config, setId).key), () => encode(VerifierSet, set));
  }
  for (const [hex, escrow] of model.escrows) states.set(hex, () => encode(Escrow, escrow));
  for (const [hex, bond] of model.bonds) states.set(hex, () => encode(Bond, bond));
  for (const [pageNo, page] of model.pages) {
    states.set(bytesToHex(pageAt(world.pool, pageNo).key), () => encode(Page, page));
  }
  return states;
}
