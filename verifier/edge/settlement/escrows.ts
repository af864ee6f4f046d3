import { decodeAccount, Escrow } from '#protocol/settlement/accounts.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import { type LeafFile, leafAt } from '#protocol/settlement/leaf-file.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { proveLeaf } from '#protocol/settlement/tree.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import type { PoolAccounts } from '../../core/settlement/pool.ts';
import type { Parts } from './parts.ts';
import { readPeriod } from './period-maker.ts';

const PULLS_AT_ONCE = 8;

/** No escrow may have spent more than lies in it: such a root could be challenged. */
export async function checkEscrows(parts: Parts, { spends }: LeafFile): Promise<void> {
  for (const { escrow, leaf } of await readSpends(parts, spends)) {
    if (escrow === undefined || leaf.cumulative <= escrow.deposited - escrow.refunded) continue;
    const message = `escrow ${escrow.index} holds ${escrow.deposited - escrow.refunded} lamports and the facts say ${leaf.cumulative} are spent: no root is signed`;
    throw fault('settlement-escrow-short', message);
  }
}

/** Leaves with something in them, and their escrows; undefined for those that are closed. */
async function readSpends({ cluster }: Parts, spends: LeafFile['spends']) {
  const leaves = Array.from(spends.cumulative, (_, index) => ({ index, ...leafAt(spends, index) }));
  const spent = leaves.filter(({ cumulative }) => cumulative > 0n);
  const found = await cluster.readAccounts(spent.map(({ recipient }) => recipient));
  return spent.map((leaf, at) => {
    const data = found[at];
    return { leaf, escrow: data === undefined ? undefined : must(decodeAccount(Escrow, data)) };
  });
}

/** Moves what the last final tree says is spent into the pool, a few escrows at a time. */
export async function pullEscrows(
  parts: Parts,
  accounts: PoolAccounts,
  dataHash: Digest,
): Promise<void> {
  const { file, trees } = must(readPeriod(await parts.files.read(dataHash), parts.pool));
  const due = (await readSpends(parts, file.spends)).filter(
    ({ escrow, leaf }) => escrow !== undefined && escrow.pulled < leaf.cumulative,
  );
  const { pull } = instructionsOf(parts.program);
  for (let from = 0; from < due.length; from += PULLS_AT_ONCE) {
    const batch = due.slice(from, from + PULLS_AT_ONCE).map(({ leaf }): Instruction => {
      const at = { pool: parts.pool, escrow: leaf.recipient };
      return pull(at, { cumulative: leaf.cumulative }, must(proveLeaf(trees.spends, leaf.index)));
    });
    await Promise.all(batch.map((instruction) => parts.cluster.send([instruction], parts.payer)));
  }
  await parts.book.notePulled(Number(accounts.pool.period));
  parts.say(
    'info',
    `period ${accounts.pool.period}: ${due.length} escrows paid in; it can be claimed`,
  );
}
