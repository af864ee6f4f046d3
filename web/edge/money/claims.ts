import * as v from 'valibot';
import { readLeafProof } from '#client/settlements.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import {
  type FinalRoot,
  findRoot,
  Page,
  type Pool,
  pageOf,
  paidOf,
} from '#protocol/settlement/accounts.ts';
import { isSameKey, keyOf } from '#protocol/settlement/layout.ts';
import { Address, LeafProof } from '#protocol/settlement/money-api.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { Digest } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { Count } from '#protocol/values/units.ts';
import { type ClaimDone, type ClaimPlan, planClaim } from '../../core/money/claim-plan.ts';
import type { Claim } from '../../core/money/earnings.ts';
import { type ProvenLeaf, proveKept } from '../../core/money/proof.ts';
import { openHub } from '../hub.ts';
import { readStored, writeStored } from '../local-store.ts';
import { checkSupply, type MoneySite, readPool, supply } from './site.ts';
import type { Wallet } from './wallet.ts';

/** A leaf and its proof as this browser keeps them: good as long as the chain has the root. */
const KeptProof = v.strictObject({
  pool: Address,
  period: Count,
  dataHash: Digest,
  leaf: LeafProof,
});
type KeptProof = v.InferOutput<typeof KeptProof>;
/** A device has at most 16 payouts. */
const KeptProofs = v.pipe(v.array(KeptProof), v.maxLength(16));

export function readKept({ view }: MoneySite): KeptProof[] {
  const kept = decodeJson(KeptProofs, readStored('proofs') ?? '[]');
  return kept.ok ? kept.value.filter(({ pool }) => pool === view.pool) : [];
}

/** Finds what each payout can claim. A proof that leads to the newest root is kept from then on. */
export async function readClaims(
  site: MoneySite,
  payouts: readonly { index: number; recipient: Address }[],
): Promise<Claim[]> {
  const pool = await readPool(site);
  const kept = new Map(readKept(site).map((each) => [each.leaf.index, each]));
  const claims: Claim[] = [];
  for (const { index, recipient } of payouts) {
    const newest = await refreshProof(pool, kept.get(index), index);
    if (newest !== undefined) kept.set(index, { ...newest, pool: site.view.pool });
    const page = await site.client.read(Page, site.addresses.page(site.pool, pageOf(index).pageNo));
    const found = newest === undefined ? undefined : proveAt(site, pool, newest);
    const paid = paidOf(page, index);
    claims.push({
      index,
      recipient,
      paid,
      cumulative: found?.leaf.cumulative ?? paid,
      ...(found === undefined ? {} : { proven: found }),
    });
  }
  writeStored('proofs', JSON.stringify([...kept.values()]));
  return claims;
}

/** The kept proof where it is the newest, else the hub's; the kept one where the hub has none. */
async function refreshProof(
  pool: Pool,
  kept: KeptProof | undefined,
  index: number,
): Promise<Omit<KeptProof, 'pool'> | undefined> {
  const root = findRoot(pool, pool.period);
  if (!root.ok || index >= root.value.leafCount) return kept;
  const dataHash = bytesToHex(root.value.dataHash) as Digest;
  if (kept?.dataHash === dataHash) return kept;
  const fetched = await readLeafProof(openHub(), { dataHash, side: 'claims', index });
  if (!fetched.ok) return kept;
  return { period: Number(root.value.period), dataHash, leaf: fetched.value };
}

function proveAt(
  { pool: key }: MoneySite,
  pool: Pool,
  { period, leaf }: Omit<KeptProof, 'pool'>,
): { period: bigint; leaf: ProvenLeaf } | undefined {
  const root = findRoot(pool, BigInt(period));
  if (!root.ok) return undefined;
  const proven = proveKept(leaf, { tag: 'claim/v1', pool: key, root: rootOf(root.value) });
  return proven.ok ? { period: root.value.period, leaf: proven.value } : undefined;
}

const rootOf = ({ claimRoot, total, leafCount }: FinalRoot) => ({
  root: claimRoot,
  total,
  leafCount,
});

/** What a claim would pay and cost now. */
export async function previewClaim(
  site: MoneySite,
  wallet: Wallet,
  claim: Claim,
): Promise<ClaimPlan> {
  const { client, addresses, pool } = site;
  const recipient = keyOf(claim.recipient);
  const [payer, held, page, rentMinimum, pageRent] = await Promise.all([
    client.balance(wallet.key),
    client.balance(recipient),
    client.read(Page, addresses.page(pool, pageOf(claim.index).pageNo)),
    client.rent(0),
    client.rent(Page.bytes),
  ]);
  const ask = {
    cumulative: claim.cumulative,
    paid: paidOf(page, claim.index),
    payer,
    recipient: held,
    isOwn: isSameKey(wallet.key, recipient),
    rentMinimum,
    pageRent: page === undefined ? pageRent : 0n,
  };
  const plan = must(planClaim(ask));
  checkSupply(site, { wallet, lack: plan.lack });
  return plan;
}

/** Has a payout paid: all it has earned by its newest final leaf, less what it was paid before. */
export async function makeClaim(site: MoneySite, wallet: Wallet, claim: Claim): Promise<ClaimDone> {
  const { instructions, addresses, pool, client } = site;
  const plan = await previewClaim(site, wallet, claim);
  if (claim.proven === undefined) throw new RangeError('a claim without a leaf pays nothing');
  const { period, leaf } = claim.proven;
  await supply(site, { wallet, lack: plan.lack });
  const before = await client.balance(leaf.recipient);
  const { pageNo } = pageOf(leaf.index);
  const page = addresses.page(pool, pageNo);
  const { index, cumulative, recipient, proof } = leaf;
  const signature = await client.send(
    [
      ...(plan.pageRent === 0n
        ? []
        : [instructions.createPage({ payer: wallet.key, pool, page }, { pageNo })]),
      instructions.claim(
        { pool, page, recipient },
        { period, index, cumulative, walletBump: 0 },
        proof,
      ),
    ],
    wallet,
  );
  const after = await client.balance(leaf.recipient);
  return { signature, before, after };
}
