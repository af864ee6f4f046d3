import { bytesToHex } from '#protocol/bytes/digest.ts';
import { Escrow, PENDING, Pool } from '#protocol/settlement/accounts.ts';
import type { World } from '../support/world.ts';
import { vaultAt } from './actors.ts';
import type { Model, Trees } from './model.ts';

const sum = (amounts: Iterable<bigint>): bigint => {
  let all = 0n;
  for (const amount of amounts) all += amount;
  return all;
};

/** What a later state is held against. */
const pictureOf = ({ pool, pages, escrows }: Model) => ({
  period: pool.period,
  attempt: pool.attempt,
  total: pool.total,
  pending: { ...pool.pending },
  claimed: new Map([...pages].map(([pageNo, { claimed }]) => [pageNo, claimed.slice()])),
  refunded: new Map(
    [...escrows].map(([hex, { index, refunded }]) => [`${hex}/${index}`, refunded]),
  ),
});

/**
 * What holds after each command, whatever the commands were. The state was compared with the
 * chain's before.
 */
export class Invariants {
  readonly #world: World;
  readonly #trees: Trees;
  readonly #lamports: bigint;
  #before: ReturnType<typeof pictureOf>;

  constructor(world: World, trees: Trees, model: Model) {
    this.#world = world;
    this.#trees = trees;
    this.#lamports = sum(model.lamports.values());
    this.#before = pictureOf(model);
  }

  /** Says which does not hold. */
  check(model: Model): string | undefined {
    const broken =
      this.#money(model) ?? this.#pages(model) ?? this.#periods(model) ?? this.#refunds(model);
    this.#before = pictureOf(model);
    return broken;
  }

  /** 1, 2: what came in is out, or where its ledger says. */
  #money(model: Model): string | undefined {
    const { pool, sums } = model;
    const poolHeld = this.#held(model, bytesToHex(this.#world.pool), Pool.bytes);
    let out = sums.refunded + sums.claimed + poolHeld;
    for (const [hex, { deposited, pulled, refunded }] of model.escrows) {
      const held = this.#held(model, hex, Escrow.bytes);
      if (held < 0n || held !== deposited - pulled - refunded)
        return 'an escrow holds something else';
      out += held;
    }
    if (sums.deposited !== out) return `${sums.deposited} deposited, ${out} accounted for`;
    const lamports = sum(model.lamports.values()) + sums.fees;
    if (this.#lamports !== lamports)
      return `${this.#lamports} lamports were there, now ${lamports}`;
    if (pool.claimedTotal > pool.pulledTotal) return 'more is claimed than pulled';
    if (pool.pulledTotal > pool.total) return 'more is pulled than settled';
    if (poolHeld !== pool.pulledTotal - pool.claimedTotal) return 'the pool holds something else';
    return undefined;
  }

  /** Money the program keeps at an address: beyond rent, and beyond what nobody deposited. */
  #held(model: Model, hex: string, bytes: number): bigint {
    const { strays } = model.sums;
    if (!model.usesTokens) {
      return (
        (model.lamports.get(hex) ?? 0n) - this.#world.chain.rent(bytes) - (strays.get(hex) ?? 0n)
      );
    }
    const vault = bytesToHex(vaultAt(new Uint8Array(Buffer.from(hex, 'hex'))).key);
    return (model.tokens.get(vault) ?? 0n) - (strays.get(`tokens/${vault}`) ?? 0n);
  }

  /** 3: no slot falls, and together they are what was claimed. */
  #pages({ pool, pages }: Model): string | undefined {
    let paid = 0n;
    for (const [pageNo, { claimed }] of pages) {
      const before = this.#before.claimed.get(pageNo);
      if (before?.some((amount, slot) => amount > (claimed[slot] ?? 0n))) return 'a slot falls';
      paid += sum(claimed);
    }
    const isRight = pool.retired !== 0 || paid === pool.claimedTotal;
    return isRight ? undefined : `pages say ${paid}, the pool ${pool.claimedTotal}`;
  }

  /** 6: one period after another, each after its window and within its cap. */
  #periods({ pool, now }: Model): string | undefined {
    const { period, total, pending, attempt } = this.#before;
    if (pool.period === period)
      return pool.total === total ? undefined : 'a total without a period';
    if (pool.period !== period + 1n || pool.attempt !== attempt) return 'a period was left out';
    const isDue = pending.state === PENDING.attested && now >= pending.challengeEnd;
    if (!isDue) return 'a root became final before its time';
    const isWithin = pool.total >= total && pool.total - total <= pool.periodCap;
    return isWithin ? undefined : 'a period beyond its cap';
  }

  /** 7: what a final tree says is spent is not refunded, but by a dead man's rule. */
  #refunds(model: Model): string | undefined {
    const { pool, config, now } = model;
    const isOver = pool.retired !== 0 || now >= pool.finalizedAt + 2n * config.deadManSecs;
    for (const [hex, { index, deposited, refunded }] of model.escrows) {
      const isNew = refunded > (this.#before.refunded.get(`${hex}/${index}`) ?? 0n);
      if (!isNew || isOver || index >= pool.spendLeafCount) continue;
      const tree = { root: pool.spendRoot, leafCount: pool.spendLeafCount };
      const leaf = this.#trees.leaf('spend/v1', tree, index);
      const isOwn = leaf !== undefined && bytesToHex(leaf.recipient) === hex;
      if (isOwn && leaf.cumulative + refunded > deposited) return 'a refund of what is spent';
    }
    return undefined;
  }
}
