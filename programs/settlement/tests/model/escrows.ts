import { bytesToHex } from '#protocol/bytes/digest.ts';
import { Escrow, PAGE_SLOTS, Page } from '#protocol/settlement/accounts.ts';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import { SOL } from '../support/chain.ts';
import { TOKEN_BYTES } from '../support/tokens.ts';
import { DEADLINE_SECS, GRACE_SECS, instructions } from '../support/world.ts';
import { PAGES, PAYER, POSTERS, pageAt, STRANGER, vaultAt } from './actors.ts';
import {
  type Aim,
  close,
  create,
  drawEscrow,
  drawOpened,
  escrowOf,
  payOut,
  spendable,
  tokensBetween,
  walletOf,
} from './attempt.ts';
import { add, demand, isLive, moveLamports, moveTokens, there } from './model.ts';

/** Posters put money into escrows and take back what is left. */
export const openEscrow: Aim = (setting) => {
  const { world, model, draw } = setting;
  const { poster, nonce, escrow, bump } = drawEscrow(setting);
  const usual = draw.once(6) ? GRACE_SECS : DEADLINE_SECS;
  const wait = draw.once(12) ? draw.pick([0n, 1n]) : usual;
  const deadline = draw.once(20) ? U64_MAX : model.now + wait;
  const vault = vaultAt(escrow);
  const made = world.usesTokens ? { vault: vault.key, mint: world.mint } : undefined;
  const { config, pool } = world;
  const at = { payer: PAYER.key, poster: poster.key, config, pool, escrow, made };
  return {
    made: [instructions.openEscrow(at, { nonce, deadline })],
    signers: [poster],
    rule() {
      demand(model.config.paused === 0, 'settlement-paused');
      demand(model.pool.retired === 0, 'settlement-pool-retired');
      demand(deadline > model.now, 'settlement-escrow-over');
      demand(escrowOf(model, escrow) === undefined, 'runtime');
      create(setting, { key: escrow, bytes: Escrow.bytes }, PAYER.key);
      if (world.usesTokens) {
        create(setting, { key: vault.key, bytes: TOKEN_BYTES }, PAYER.key);
        model.tokens.set(bytesToHex(vault.key), 0n);
      }
      model.escrows.set(bytesToHex(escrow), {
        kind: 5,
        version: 1,
        bump,
        vaultBump: world.usesTokens ? vault.bump : 0,
        index: model.pool.escrowCount,
        pool,
        poster: poster.key,
        rentPayer: PAYER.key,
        nonce,
        deposited: 0n,
        pulled: 0n,
        refunded: 0n,
        refundFrom: deadline,
        requested: 0n,
      });
      model.pool.escrowCount += 1;
    },
  };
};

export const deposit: Aim = (setting) => {
  const { world, model, draw } = setting;
  const { escrow } = drawOpened(setting);
  const depositor = draw.pick([...POSTERS, STRANGER]);
  const amount = draw.once(8) ? draw.pick([0n, 10n ** 15n, U64_MAX]) : draw.upTo(9n * SOL);
  const from = walletOf(setting, depositor.key).key;
  const vault = vaultAt(escrow).key;
  const { config, pool } = world;
  const tokens = tokensBetween(setting, from, vault);
  return {
    made: [
      instructions.deposit({ depositor: depositor.key, config, pool, escrow, tokens }, { amount }),
    ],
    signers: [depositor],
    rule() {
      demand(amount > 0n, 'settlement-amount-zero');
      const found = there(escrowOf(model, escrow));
      demand(model.config.paused === 0, 'settlement-paused');
      demand(model.pool.retired === 0, 'settlement-pool-retired');
      demand(found.requested === 0n, 'settlement-escrow-over');
      demand(model.now < found.refundFrom, 'settlement-escrow-over');
      const deposited = add(found.deposited, amount);
      if (world.usesTokens) {
        demand((model.tokens.get(bytesToHex(from)) ?? 0n) >= amount, 'runtime');
        moveTokens(model, { from, to: vault }, amount);
      } else {
        spendable(setting, depositor.key, amount);
        moveLamports(model, { from: depositor.key, to: escrow }, amount);
      }
      found.deposited = deposited;
      model.sums.deposited += amount;
    },
  };
};

export const requestRefund: Aim = (setting) => {
  const { world, model, draw } = setting;
  const { poster, escrow } = drawOpened(setting);
  const by = draw.once(5) ? draw.pick([...POSTERS, STRANGER]) : poster;
  const { config, pool } = world;
  return {
    made: [instructions.requestRefund({ poster: by.key, config, pool, escrow })],
    signers: [by],
    rule() {
      const found = there(escrowOf(model, escrow));
      demand(by.key === poster.key, 'settlement-not-poster');
      demand(found.requested === 0n, 'settlement-escrow-over');
      found.requested = model.now;
      const soonest = model.now + model.config.graceSecs;
      if (soonest < found.refundFrom) found.refundFrom = soonest;
    },
  };
};

export const refund: Aim = (setting) => {
  const { world, model, trees, draw } = setting;
  const { poster, escrow } = drawOpened(setting);
  const wrong = draw.wrong(['poster', 'cumulative', 'recipient', 'proof', 'cut'] as const);
  const to = wrong === 'poster' ? draw.pick([...POSTERS, STRANGER]) : poster;
  const { spendRoot: root, spendLeafCount: leafCount, total } = model.pool;
  const index = escrowOf(model, escrow)?.index ?? 0;
  const leaf = trees.leaf('spend/v1', { root, leafCount }, index);
  const cumulative = (leaf?.cumulative ?? 0n) + (wrong === 'cumulative' ? 1n : 0n);
  const recipient =
    wrong === 'recipient' ? draw.pick([escrow, STRANGER.key]) : (leaf?.recipient ?? EMPTY_KEY);
  const proof = spoil(trees.prove('spend/v1', { root, leafCount }, index), wrong, draw.below(256));
  const wallet = walletOf(setting, to.key);
  const tokens = tokensBetween(setting, vaultAt(escrow).key, wallet.key);
  const { config, pool } = world;
  return {
    made: [
      instructions.refund(
        { config, pool, escrow, poster: to.key, tokens },
        { walletBump: wallet.bump, recipient, cumulative },
        proof,
      ),
    ],
    signers: [],
    rule() {
      const found = there(escrowOf(model, escrow));
      demand(to.key === poster.key, 'settlement-not-poster');
      const { deadManSecs } = model.config;
      const deadAt = model.pool.finalizedAt + deadManSecs;
      const isOver = model.pool.retired !== 0 || model.now >= deadAt + deadManSecs;
      const isDue = model.now >= found.refundFrom || model.now >= deadAt;
      demand(isOver || isDue, 'settlement-refund-early');
      let spent = found.pulled;
      if (!isOver) {
        demand(!(model.pool.pending.state === 2 && isLive(model)), 'settlement-root-pending');
        if (index < leafCount) {
          trees.check(
            'spend/v1',
            { index, recipient, cumulative, proof },
            { root, total, leafCount },
          );
          const isOwn = bytesToHex(recipient) === bytesToHex(escrow);
          if (isOwn && cumulative > spent) spent = cumulative;
        }
      }
      const back = found.deposited - spent - found.refunded;
      demand(back > 0n, 'settlement-nothing-to-refund');
      payOut(setting, { from: escrow, to: to.key, wallet: wallet.key }, back);
      found.refunded += back;
      model.sums.refunded += back;
    },
  };
};

/** A proof with one bit turned, or one that is too short. */
export function spoil(proof: Uint8Array, wrong: string | undefined, at: number): Uint8Array {
  if (wrong === 'cut') return proof.slice(0, -1);
  if (wrong !== 'proof' || proof.length === 0) return proof;
  return proof.map((byte, each) => (each === at % proof.length ? byte ^ (1 << (at % 8)) : byte));
}

export const closeEscrow: Aim = (setting) => {
  const { world, model, draw } = setting;
  const { poster, escrow } = drawOpened(setting);
  const by = draw.once(8) ? draw.pick([...POSTERS, STRANGER]) : poster;
  const rentPayer = draw.once(8) ? STRANGER.key : PAYER.key;
  const vault = vaultAt(escrow).key;
  const at = { poster: by.key, pool: world.pool, escrow, rentPayer };
  return {
    made: [instructions.closeEscrow({ ...at, vault: world.usesTokens ? vault : undefined })],
    signers: [by],
    rule() {
      const found = there(escrowOf(model, escrow));
      demand(by.key === poster.key, 'settlement-not-poster');
      demand(rentPayer === PAYER.key, 'settlement-recipient-wrong');
      demand(found.pulled + found.refunded === found.deposited, 'settlement-escrow-not-empty');
      if (world.usesTokens) {
        demand(model.tokens.get(bytesToHex(vault)) === 0n, 'runtime');
        close(model, vault, rentPayer);
        model.tokens.delete(bytesToHex(vault));
      }
      close(model, escrow, rentPayer);
      model.escrows.delete(bytesToHex(escrow));
    },
  };
};

export const createPage: Aim = (setting) => {
  const { world, model, draw } = setting;
  const pageNo = draw.pick(PAGES);
  const { key: page, bump } = pageAt(world.pool, pageNo);
  return {
    made: [instructions.createPage({ payer: PAYER.key, pool: world.pool, page }, { pageNo })],
    signers: [],
    rule() {
      demand(model.pool.retired === 0, 'settlement-pool-retired');
      demand(!model.pages.has(pageNo), 'runtime');
      create(setting, { key: page, bytes: Page.bytes }, PAYER.key);
      const claimed = Array.from({ length: PAGE_SLOTS }, () => 0n);
      const { pool } = world;
      const head = { kind: 6, version: 1, bump, pageNo, pool, rentPayer: PAYER.key };
      model.pages.set(pageNo, { ...head, claimed });
    },
  };
};

export const closePage: Aim = ({ world, model, draw }) => {
  const pageNo = draw.pick(PAGES);
  const page = pageAt(world.pool, pageNo).key;
  const rentPayer = draw.once(4) ? STRANGER.key : PAYER.key;
  return {
    made: [instructions.closePage({ pool: world.pool, page, rentPayer })],
    signers: [],
    rule() {
      there(model.pages.get(pageNo));
      demand(model.pool.retired !== 0, 'settlement-pool-owes');
      demand(rentPayer === PAYER.key, 'settlement-recipient-wrong');
      close(model, page, rentPayer);
      model.pages.delete(pageNo);
    },
  };
};
