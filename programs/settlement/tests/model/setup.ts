import { bytesToHex } from '#protocol/bytes/digest.ts';
import { Bond, MEMBERS_MAX, VerifierSet } from '#protocol/settlement/accounts.ts';
import { PROGRAMS } from '#protocol/settlement/addresses.ts';
import { isSameKey, type Key, U64_MAX } from '#protocol/settlement/layout.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import { SOL } from '../support/chain.ts';
import { instructions } from '../support/world.ts';
import {
  ADMIN,
  bondAt,
  GUARDIAN,
  PAGES,
  PAYER,
  pageAt,
  STRANGER,
  setAt,
  VERIFIERS,
  vaultAt,
} from './actors.ts';
import {
  type Aim,
  type Attempt,
  close,
  create,
  drawEscrow,
  type Setting,
  spendable,
  walletOf,
} from './attempt.ts';
import { add, demand, isLive, moveLamports, moveTokens, there } from './model.ts';

/** What admin, guardian and verifiers do beside roots. */
export const bond: Aim = (setting) => {
  const { world, model, draw } = setting;
  const verifier = draw.pick(VERIFIERS);
  const lamports = draw.once(6) ? draw.pick([0n, U64_MAX]) : draw.upTo(5n * SOL);
  const { key, bump } = bondAt(world.config, verifier.key);
  const at = { verifier: verifier.key, config: world.config, bond: key };
  return {
    made: [instructions.bond(at, { lamports })],
    signers: [verifier],
    rule() {
      demand(lamports > 0n, 'settlement-amount-zero');
      const known = model.bonds.get(bytesToHex(key));
      const amount = add(known?.amount ?? 0n, lamports);
      const rent = known === undefined ? world.chain.rent(Bond.bytes) : 0n;
      spendable(setting, verifier.key, lamports + rent);
      if (known === undefined) create(setting, { key, bytes: Bond.bytes }, verifier.key);
      const { config } = world;
      const head = { kind: 3, version: 1, bump, config, verifier: verifier.key };
      model.bonds.set(bytesToHex(key), { ...head, amount, unlockAt: 0n });
      moveLamports(model, { from: verifier.key, to: key }, lamports);
    },
  };
};

export const unbond: Aim = ({ world, model, draw }) => {
  const verifier = draw.pick(VERIFIERS);
  const by = draw.once(6) ? draw.pick(VERIFIERS) : verifier;
  const { key } = bondAt(world.config, verifier.key);
  const { setId, previousSetId } = model.config;
  const newest = setAt(world.config, setId).key;
  const before = setAt(world.config, previousSetId || setId).key;
  return {
    made: [
      instructions.unbond({ verifier: by.key, config: world.config, bond: key, newest, before }),
    ],
    signers: [by],
    rule() {
      const found = there(model.bonds.get(bytesToHex(key)));
      demand(by === verifier, 'settlement-not-verifier');
      const { setActiveAt, unbondSecs } = model.config;
      const isIn = (id: number) =>
        model.sets.get(id)?.keys.some((each) => isSameKey(each, verifier.key)) === true;
      const [serves, served] = [isIn(setId), isIn(previousSetId)];
      demand(!serves && !(served && model.now < setActiveAt), 'settlement-bond-locked');
      if (found.unlockAt === 0n || (served && found.unlockAt < setActiveAt + unbondSecs)) {
        found.unlockAt = model.now + unbondSecs;
        return;
      }
      demand(model.now >= found.unlockAt, 'settlement-bond-locked');
      close(model, key, by.key);
      model.bonds.delete(bytesToHex(key));
    },
  };
};

export const newVerifierSet: Aim = (setting) => {
  const { world, model, draw } = setting;
  const by = draw.once(6) ? STRANGER : ADMIN;
  const chosen = VERIFIERS.filter(() => !draw.once(3)).map(({ key }) => key);
  const first = VERIFIERS[0]?.key ?? EMPTY_KEY;
  const keys = draw.once(8) ? [...chosen, first, first] : chosen;
  const quorum = draw.once(6) ? draw.below(7) : Math.floor(keys.length / 2) + 1;
  const setId = model.config.setId + 1;
  const { key, bump } = setAt(world.config, setId);
  const at = { payer: PAYER.key, admin: by.key, config: world.config, set: key };
  return {
    made: [instructions.newVerifierSet(at, { quorum, keys })],
    signers: [by],
    rule() {
      const { config } = model;
      demand(keys.length > 0 && keys.length <= MEMBERS_MAX, 'settlement-set-range');
      demand(quorum <= keys.length && quorum * 2 > keys.length, 'settlement-set-range');
      demand(by === ADMIN, 'settlement-not-admin');
      demand(model.now >= config.setActiveAt, 'settlement-set-waiting');
      demand(new Set(keys.map(bytesToHex)).size === keys.length, 'settlement-set-key-twice');
      create(setting, { key, bytes: VerifierSet.bytes }, PAYER.key);
      const members = keys.length;
      const padded = Array.from({ length: MEMBERS_MAX }, (_, each) => keys[each] ?? EMPTY_KEY);
      const head = { kind: 2, version: 1, bump, quorum, members };
      model.sets.set(setId, { ...head, config: world.config, setId, keys: padded });
      config.setActiveAt = model.now + config.timelockSecs;
      config.previousSetId = config.setId;
      config.setId = setId;
    },
  };
};

export const pause: Aim = ({ world, model, draw }) => {
  const isPaused = model.config.paused !== 0;
  const by = draw.pick([isPaused ? ADMIN : STRANGER, ADMIN, GUARDIAN, STRANGER]);
  const usual = isPaused ? 0 : 1;
  const paused = draw.once(6) ? draw.pick([0, 1, 2, 255]) : usual;
  return {
    made: [instructions.pause({ guardian: by.key, config: world.config }, { paused })],
    signers: [by],
    rule() {
      demand(paused <= 1, 'settlement-malformed');
      const may = by === ADMIN || (by === GUARDIAN && paused === 1);
      demand(may, 'settlement-not-guardian');
      model.config.paused = paused;
    },
  };
};

export const retirePool: Aim = ({ world, model, draw }) => {
  const by = draw.once(4) ? GUARDIAN : ADMIN;
  const { config, pool } = world;
  return {
    made: [instructions.retirePool({ admin: by.key, config, pool })],
    signers: [by],
    rule() {
      demand(by === ADMIN, 'settlement-not-admin');
      demand(!isLive(model), 'settlement-root-pending');
      const { claimedTotal, pulledTotal, total } = model.pool;
      demand(claimedTotal === total && pulledTotal === total, 'settlement-pool-owes');
      model.pool.retired = 1;
    },
  };
};

/**
 * Anybody may send money to the program's accounts without asking it, before they are there or
 * after.
 */
export const gift: Aim = (setting) => {
  const { world, model, draw } = setting;
  const { escrow } = drawEscrow(setting);
  const page = pageAt(world.pool, draw.pick(PAGES)).key;
  const vault = vaultAt(draw.pick([escrow, world.pool])).key;
  const to = draw.pick([escrow, page, world.pool, vault]);
  const lamports = 10_000_000n;
  if (model.tokens.has(bytesToHex(vault))) return giftTokens(setting, vault);
  return {
    made: [transferLamports(PAYER.key, to, lamports)],
    signers: [],
    rule() {
      const hex = bytesToHex(to);
      moveLamports(model, { from: PAYER.key, to }, lamports);
      const isOurs = isSameKey(to, world.pool) || model.escrows.has(hex);
      const { strays } = model.sums;
      if (isOurs) strays.set(hex, (strays.get(hex) ?? 0n) + lamports);
    },
  };
};

function giftTokens(setting: Setting, vault: Key): Attempt {
  const { model } = setting;
  const from = walletOf(setting, STRANGER.key).key;
  return {
    made: [transferTokens(STRANGER.key, { from, to: vault }, 1n)],
    signers: [STRANGER],
    rule() {
      const hex = bytesToHex(vault);
      demand((model.tokens.get(bytesToHex(from)) ?? 0n) >= 1n, 'runtime');
      moveTokens(model, { from, to: vault }, 1n);
      const { strays } = model.sums;
      strays.set(`tokens/${hex}`, (strays.get(`tokens/${hex}`) ?? 0n) + 1n);
    },
  };
}

/** u32 2 transfer | u64 lamports */
function transferLamports(from: Key, to: Key, lamports: bigint): Instruction {
  const data = new Uint8Array(12);
  data[0] = 2;
  new DataView(data.buffer).setBigUint64(4, lamports, true);
  const accounts = [
    { key: from, signer: true, writable: true },
    { key: to, signer: false, writable: true },
  ];
  return { program: PROGRAMS.system, accounts, data };
}

/** u8 3 transfer | u64 amount */
function transferTokens(owner: Key, { from, to }: { from: Key; to: Key }, amount: bigint) {
  const data = new Uint8Array(9);
  data[0] = 3;
  new DataView(data.buffer).setBigUint64(1, amount, true);
  const accounts = [
    { key: from, signer: false, writable: true },
    { key: to, signer: false, writable: true },
    { key: owner, signer: true, writable: false },
  ];
  return { program: PROGRAMS.token, accounts, data };
}
