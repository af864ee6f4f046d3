import { PAGE_SLOTS, ROOTS } from '#protocol/settlement/accounts.ts';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import { instructions } from '../support/world.ts';
import { PAGES, pageAt, vaultAt, WORKERS } from './actors.ts';
import { type Aim, drawOpened, escrowOf, payOut, tokensBetween, walletOf } from './attempt.ts';
import { spoil } from './escrows.ts';
import { add, demand, there } from './model.ts';

/** Money goes from escrows to the pool and from there to contributors, by final roots. */
export const pull: Aim = (setting) => {
  const { world, model, trees, draw } = setting;
  const { escrow } = drawOpened(setting);
  const wrong = draw.wrong(['cumulative', 'proof', 'cut'] as const);
  const { spendRoot: root, spendLeafCount: leafCount, total } = model.pool;
  const index = escrowOf(model, escrow)?.index ?? 0;
  const leaf = trees.leaf('spend/v1', { root, leafCount }, index);
  const right = leaf?.cumulative ?? 0n;
  const cumulative = wrong === 'cumulative' ? draw.pick([0n, right + 1n, U64_MAX]) : right;
  const proof = spoil(trees.prove('spend/v1', { root, leafCount }, index), wrong, draw.below(256));
  const to = vaultAt(world.pool).key;
  const tokens = tokensBetween(setting, vaultAt(escrow).key, to);
  return {
    made: [instructions.pull({ pool: world.pool, escrow, tokens }, { cumulative }, proof)],
    signers: [],
    rule() {
      const found = there(escrowOf(model, escrow));
      const shown = { index, recipient: escrow, cumulative, proof };
      trees.check('spend/v1', shown, { root, total, leafCount });
      const due = cumulative - found.pulled;
      demand(due > 0n, 'settlement-nothing-due');
      const gone = add(cumulative, found.refunded);
      demand(gone <= found.deposited, 'settlement-escrow-short');
      const pulledTotal = add(model.pool.pulledTotal, due);
      demand(pulledTotal <= model.pool.total, 'settlement-total-falls');
      payOut(setting, { from: escrow, to: world.pool, wallet: to }, due);
      found.pulled = cumulative;
      model.pool.pulledTotal = pulledTotal;
    },
  };
};

export const claim: Aim = (setting) => {
  const { world, model, trees, draw } = setting;
  const { pool } = model;
  const wrong = draw.wrong([
    'period',
    'index',
    'cumulative',
    'recipient',
    'page',
    'proof',
    'cut',
  ] as const);
  const older = draw.once(3) ? BigInt(draw.below(ROOTS)) : 0n;
  const right = pool.period > older ? pool.period - older : pool.period;
  const period = wrong === 'period' ? draw.pick([0n, right + 1n, right + 8n, U64_MAX]) : right;
  const root = pool.roots[Number(right % BigInt(ROOTS))];
  const { claimRoot = EMPTY_KEY, leafCount = 0, total = 0n } = root ?? {};
  const tree = { root: claimRoot, leafCount, total };
  const place = draw.below(Math.max(1, leafCount));
  const leaf = trees.leaf('claim/v1', tree, place);
  const index = wrong === 'index' ? draw.pick([place + 1, leafCount, 2 ** 32 - 1]) : place;
  const cumulative = (leaf?.cumulative ?? 0n) + (wrong === 'cumulative' ? draw.pick([1n, 2n]) : 0n);
  const recipient = wrong === 'recipient' ? draw.pick(WORKERS).key : (leaf?.recipient ?? EMPTY_KEY);
  const pageNo = wrong === 'page' ? draw.pick(PAGES) : Math.min(1, Math.floor(index / PAGE_SLOTS));
  const page = pageAt(world.pool, pageNo).key;
  const proof = spoil(trees.prove('claim/v1', tree, place), wrong, draw.below(4096));
  const wallet = walletOf(setting, recipient);
  const tokens = tokensBetween(setting, vaultAt(world.pool).key, wallet.key);
  return {
    made: [
      instructions.claim(
        { pool: world.pool, page, recipient, tokens },
        { period, index, cumulative, walletBump: wallet.bump },
        proof,
      ),
    ],
    signers: [],
    rule() {
      const found = there(model.pages.get(pageNo));
      demand(pool.retired === 0, 'settlement-pool-retired');
      demand(found.pageNo === Math.floor(index / PAGE_SLOTS), 'settlement-page-wrong');
      const known = pool.roots[Number(period % BigInt(ROOTS))];
      demand(period > 0n && known?.period === period, 'settlement-root-unknown');
      const named = { root: known.claimRoot, leafCount: known.leafCount, total: known.total };
      trees.check('claim/v1', { index, recipient, cumulative, proof }, named);
      const slot = index % PAGE_SLOTS;
      const due = cumulative - (found.claimed[slot] ?? 0n);
      demand(due > 0n, 'settlement-nothing-due');
      const claimedTotal = add(pool.claimedTotal, due);
      demand(claimedTotal <= pool.pulledTotal, 'settlement-not-pulled');
      payOut(setting, { from: world.pool, to: recipient, wallet: wallet.key }, due);
      found.claimed[slot] = cumulative;
      pool.claimedTotal = claimedTotal;
      model.sums.claimed += due;
    },
  };
};
