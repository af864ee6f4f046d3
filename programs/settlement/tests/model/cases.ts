import { hashAttestation, hashContent } from '#protocol/settlement/attestation.ts';
import type { TAGS } from '#protocol/settlement/instructions.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { proveLeaf } from '#protocol/settlement/tree.ts';
import { openSigner, type Signer, SOL } from '../support/chain.ts';
import { putTokens } from '../support/tokens.ts';
import {
  addresses,
  CHALLENGE_SECS,
  EPOCH_CAP,
  GRACE_SECS,
  instructions,
  must,
  type Period,
  SETTINGS,
  take,
  UNBOND_SECS,
  World,
  type WorldOptions,
} from '../support/world.ts';

/**
 * An instruction that goes through, with the role of each account, and what must stand before it.
 */
export interface Case {
  made: Instruction;
  roles: string[];
  signers?: readonly Signer[];
  before?: Instruction[];
  /** Roles that are marked writable and are not written in this form. */
  idle?: string[];
}

export type Name = keyof typeof TAGS;

export const WORKER = openSigner('worker');
export const NEWCOMER = openSigner('newcomer');
const TOKEN_ROLES = ['from', 'to', 'mint', 'token program'];
const VAULT_ROLES = ['vault', 'mint', 'token program'];

/** A world with two funded escrows and two pages, in which nothing is settled yet. */
export function openFurnished(options: WorldOptions): World {
  const world = new World(options);
  world.chain.fund(NEWCOMER.key, 100n * SOL);
  world.chain.fund(WORKER.key, SOL);
  if (world.usesTokens) putTokens(world.chain, WORKER.key, 0n);
  world.fundEscrow(10n * SOL);
  world.fundEscrow(10n * SOL, 1n);
  must(world.chain.send([world.createPage(0), world.createPage(1)]));
  for (const verifier of world.verifiers)
    must(world.chain.send([bond(world, verifier)], [verifier]));
  return world;
}

const bond = (world: World, { key: verifier }: Signer, lamports = SOL) =>
  instructions.bond(
    { verifier, config: world.config, bond: addresses.bond(world.config, verifier) },
    { lamports },
  );

interface Amounts {
  /** Of the first of two contributors, and of the first of two escrows. */
  claimed: bigint;
  spent: bigint;
  total?: bigint;
}

const periodOf = (world: World, { claimed, spent, total = 5n * SOL }: Amounts): Period =>
  world.period(
    [
      { recipient: WORKER.key, cumulative: claimed },
      { recipient: NEWCOMER.key, cumulative: total - claimed },
    ],
    [
      { recipient: world.escrow(0n), cumulative: spent },
      { recipient: world.escrow(1n), cumulative: total - spent },
    ],
  );
const USUAL = { claimed: 2n * SOL, spent: 3n * SOL };

function settled(world: World): Period {
  const period = periodOf(world, USUAL);
  world.settle(period);
  return period;
}

/** Accounts that most instructions take. */
const at = ({ chain, admin, config, pool, set, poster, guardian }: World) => ({
  payer: chain.payer.key,
  admin: admin.key,
  guardian: guardian.key,
  poster: poster.key,
  config,
  pool,
  set,
});
const withTokens = (world: World, roles: string[], more = TOKEN_ROLES) =>
  world.usesTokens ? [...roles, ...more] : roles;
/** Tokens move between token accounts: their owner is only looked at. */
const idleIn = (world: World, role: string) => (world.usesTokens ? [role] : []);
const made = (world: World, owner: Key) =>
  world.usesTokens ? { vault: addresses.vault(owner), mint: world.mint } : undefined;

const setUp = {
  initConfig: (world) => ({
    made: instructions.initConfig(
      { payer: world.chain.payer.key, admin: NEWCOMER.key, config: addresses.config(NEWCOMER.key) },
      SETTINGS,
    ),
    roles: ['payer', 'admin', 'config', 'system program'],
    signers: [NEWCOMER],
  }),
  newVerifierSet: (world) => ({
    made: instructions.newVerifierSet(
      { ...at(world), set: addresses.verifierSet(world.config, 2) },
      { quorum: 2, keys: world.verifiers.map(({ key }) => key) },
    ),
    roles: ['payer', 'admin', 'config', 'set', 'system program'],
    signers: [world.admin],
  }),
  bond: (world) => ({
    made: bond(world, NEWCOMER),
    roles: ['verifier', 'config', 'bond', 'system program'],
    signers: [NEWCOMER],
  }),
  unbond: (world) => {
    const newest = addresses.verifierSet(world.config, 2);
    const keys = world.verifiers.map(({ key }) => key);
    const named = instructions.newVerifierSet({ ...at(world), set: newest }, { quorum: 2, keys });
    must(world.chain.send([named, bond(world, NEWCOMER)], [world.admin, NEWCOMER]));
    const made = instructions.unbond({
      verifier: NEWCOMER.key,
      config: world.config,
      bond: world.bond(NEWCOMER),
      newest,
      before: world.set,
    });
    must(world.chain.send([made], [NEWCOMER]));
    world.chain.warp(UNBOND_SECS);
    const roles = ['verifier', 'config', 'bond', 'newest set', 'set before'];
    return { made, roles, signers: [NEWCOMER] };
  },
  createPool: (world) => {
    // The same operator's second pool; the first takes the address of its mint.
    const config = addresses.config(NEWCOMER.key);
    const admin = { ...at(world), admin: NEWCOMER.key, config };
    must(world.chain.send([instructions.initConfig(admin, SETTINGS)], [NEWCOMER]));
    const pool = addresses.pool(config, world.mint);
    return {
      made: instructions.createPool(
        { ...admin, pool, made: made(world, pool) },
        { periodCap: EPOCH_CAP },
      ),
      roles: withTokens(world, ['payer', 'admin', 'config', 'pool', 'system program'], VAULT_ROLES),
      signers: [NEWCOMER],
    };
  },
  pause: (world) => ({
    made: instructions.pause(at(world), { paused: 1 }),
    roles: ['guardian', 'config'],
    signers: [world.guardian],
  }),
  retirePool: (world) => ({
    made: instructions.retirePool(at(world)),
    roles: ['admin', 'config', 'pool'],
    signers: [world.admin],
  }),
} satisfies Partial<Record<Name, (world: World) => Case>>;

const escrows = {
  openEscrow: (world) => ({
    made: world.openEscrow(9n),
    roles: withTokens(
      world,
      ['payer', 'poster', 'config', 'pool', 'escrow', 'system program'],
      VAULT_ROLES,
    ),
    signers: [world.poster],
  }),
  deposit: (world) => ({
    made: world.deposit(SOL),
    // Lamports move by the system program, tokens do not.
    roles: withTokens(world, [
      'depositor',
      'config',
      'pool',
      world.usesTokens ? 'escrow' : 'any escrow',
      world.usesTokens ? 'unused' : 'system program',
    ]),
    signers: [world.poster],
    idle: idleIn(world, 'depositor'),
  }),
  createPage: (world) => ({
    made: world.createPage(7),
    roles: ['payer', 'pool', 'page', 'system program'],
  }),
  requestRefund: (world) => ({
    made: instructions.requestRefund({ ...at(world), escrow: world.escrow() }),
    roles: ['poster', 'config', 'pool', 'any escrow'],
    signers: [world.poster],
  }),
  refund: (world) => {
    const period = settled(world);
    for (const nonce of [0n, 1n]) {
      const asked = { ...at(world), escrow: world.escrow(nonce) };
      must(world.chain.send([instructions.requestRefund(asked)], [world.poster]));
    }
    world.chain.warp(GRACE_SECS);
    return {
      made: world.refund(period),
      roles: withTokens(world, ['config', 'pool', 'escrow', 'poster']),
      idle: idleIn(world, 'poster'),
    };
  },
  closeEscrow: (world) => {
    must(world.chain.send([world.openEscrow(9n)], [world.poster]));
    const escrow = world.escrow(9n);
    const vault = world.usesTokens ? addresses.vault(escrow) : undefined;
    return {
      made: instructions.closeEscrow({ ...at(world), escrow, rentPayer: at(world).payer, vault }),
      roles: withTokens(
        world,
        ['poster', 'pool', 'escrow', 'rent payer'],
        ['vault', 'token program'],
      ),
      signers: [world.poster],
    };
  },
  closePage: (world) => {
    must(world.chain.send([instructions.retirePool(at(world))], [world.admin]));
    return {
      made: instructions.closePage({
        pool: world.pool,
        page: world.page(),
        rentPayer: at(world).payer,
      }),
      roles: ['pool', 'any page', 'rent payer'],
    };
  },
} satisfies Partial<Record<Name, (world: World) => Case>>;

const signed = ([before, made]: Instruction[]): Pick<Case, 'made' | 'before'> => {
  if (before === undefined || made === undefined) throw new Error('signatures come first');
  return { made, before: [before] };
};

const roots = {
  proposeRoot: (world) => ({
    ...signed(world.propose(periodOf(world, USUAL))),
    roles: ['config', 'pool', 'set', 'instructions sysvar'],
  }),
  attest: (world) => {
    must(world.chain.send(world.propose(periodOf(world, USUAL), [world.warpToTurn(0)])));
    const { digest } = world.poolState().pending;
    return {
      made: instructions.attest(at(world)),
      before: [world.signatures(digest, world.verifiers.slice(1, 2))],
      roles: ['config', 'pool', 'set', 'instructions sysvar'],
    };
  },
  veto: (world) => {
    must(world.chain.send(world.propose(periodOf(world, USUAL))));
    return {
      made: instructions.veto(at(world)),
      roles: ['guardian', 'config', 'pool'],
      signers: [world.guardian],
    };
  },
  finalizeRoot: (world) => {
    must(world.chain.send(world.propose(periodOf(world, USUAL))));
    world.chain.warp(CHALLENGE_SECS);
    return { made: world.finalize(), roles: ['config', 'pool'] };
  },
  pull: (world) => ({
    made: world.pull(settled(world)),
    roles: withTokens(world, ['pool', 'escrow']),
  }),
  claim: (world) => {
    const period = settled(world);
    must(world.chain.send([world.pull(period)]));
    return {
      made: world.claim(period, 0),
      roles: withTokens(world, ['pool', 'page', 'recipient']),
      idle: idleIn(world, 'recipient'),
    };
  },
} satisfies Partial<Record<Name, (world: World) => Case>>;

const heirs = (world: World) => ({
  ...at(world),
  challenger: NEWCOMER.key,
  treasury: SETTINGS.treasury,
  bonds: world.verifiers.slice(0, 2).map((verifier) => world.bond(verifier)),
});
const HEIR_ROLES = ['config', 'pool', 'set', 'challenger', 'treasury'];

const challenges = {
  challengeClaim: (world) => {
    const before = settled(world);
    const pending = periodOf(world, { ...USUAL, claimed: SOL });
    must(world.chain.send(world.propose(pending)));
    const data = {
      index: 0,
      pendingRecipient: WORKER.key,
      pendingCumulative: SOL,
      finalRecipient: WORKER.key,
      finalCumulative: 2n * SOL,
    };
    const [shown, held] = [pending, before].map(({ claims }) => take(proveLeaf(claims, 0)));
    if (shown === undefined || held === undefined) throw new Error('both trees have a leaf');
    return {
      made: instructions.challengeClaim(heirs(world), data, { pending: shown, final: held }),
      roles: [...HEIR_ROLES, 'bond or none', 'bond or none'],
    };
  },
  challengeSpend: (world) => {
    const pending = periodOf(world, { claimed: SOL, spent: 11n * SOL, total: 13n * SOL });
    must(world.chain.send(world.propose(pending)));
    const escrow = world.escrow();
    return {
      made: instructions.challengeSpend(
        { ...heirs(world), escrow },
        { recipient: escrow, cumulative: 11n * SOL },
        take(proveLeaf(pending.spends, 0)),
      ),
      roles: [...HEIR_ROLES, 'escrow', 'bond or none', 'bond or none'],
    };
  },
  challengeDouble: (world) => {
    const [verifier = NEWCOMER] = world.verifiers;
    const place = world.place();
    const statements = [SOL, 2n * SOL].map((claimed) => ({
      previous: place.previous,
      content: hashContent(periodOf(world, { ...USUAL, claimed }).content),
      expiresAt: world.expiresAt,
    }));
    const signatures = statements.map(({ content, expiresAt }) =>
      world.signatures(hashAttestation(place, content, expiresAt), [verifier]),
    );
    const { setId, period, attempt } = place;
    return {
      made: instructions.challengeDouble(
        { ...heirs(world), bond: world.bond(verifier) },
        { verifier: verifier.key, setId, period, attempt, statements },
      ),
      before: signatures.reverse(),
      roles: ['config', 'pool', 'instructions sysvar', 'challenger', 'treasury', 'bond'],
    };
  },
} satisfies Partial<Record<Name, (world: World) => Case>>;

/** One for every instruction: the compiler asks for those that are new. */
export const CASES: Record<Name, (world: World) => Case> = {
  ...setUp,
  ...escrows,
  ...roots,
  ...challenges,
};
