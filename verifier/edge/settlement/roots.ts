import { hexToBytes } from '#protocol/bytes/digest.ts';
import { ROOTS } from '#protocol/settlement/accounts.ts';
import { addressesOf } from '#protocol/settlement/addresses.ts';
import {
  attestedBytes,
  checkSignatures,
  hashAttestation,
  hashContent,
} from '#protocol/settlement/attestation.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import { decodeLeafFile, type LeafFile } from '#protocol/settlement/leaf-file.ts';
import { type LeafCounts, type MoneyFacts, totalOf } from '#protocol/settlement/period-leaves.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { type PoolAccounts, placeOf, viewPool } from '../../core/settlement/pool.ts';
import type { SettlementStep } from '../../core/settlement/settlement.ts';
import { checkEscrows } from './escrows.ts';
import type { Parts } from './parts.ts';
import {
  checkPeriod,
  type MadePeriod,
  makeLeaves,
  makePeriod,
  makeTrees,
  readPeriod,
  throughWithin,
} from './period-maker.ts';

/** Facts of the hub are complete up to so long ago; it refuses files that reach further. */
const SETTLED_FACTS_MS = 3_000;

const leastOf = ({ pool }: PoolAccounts): LeafCounts => ({
  claims: pool.roots[Number(pool.period % BigInt(ROOTS))]?.leafCount ?? 0,
  spends: pool.spendLeafCount,
});

async function readLast(
  { files, now }: Parts,
  accounts: PoolAccounts,
): Promise<LeafFile | undefined> {
  const { dataHash } = viewPool(accounts, now() / 1000);
  return dataHash === undefined ? undefined : must(decodeLeafFile(await files.read(dataHash)));
}

/** Makes the next period, keeps its file twice and brings its root; false where nothing is new. */
export async function propose(
  parts: Parts,
  accounts: PoolAccounts,
  again?: Digest,
): Promise<boolean> {
  const made = await (again === undefined
    ? makeNext(parts, accounts)
    : parts.files.read(again).then((bytes) => must(readPeriod(bytes, parts.pool))));
  if (made === undefined) return false;
  await checkEscrows(parts, made.file);
  const dataHash = await parts.files.keep(made.bytes);
  await sign(parts, accounts, { made, dataHash, isProposal: true });
  const { claims } = made.trees;
  parts.say(
    'info',
    `period ${accounts.pool.period + 1n}: ${claims.leafCount} contributors, ${claims.total} lamports in all`,
  );
  return true;
}

async function readFacts({ facts, checks }: Parts): Promise<MoneyFacts> {
  await checks.refresh();
  const found = await facts.read();
  checks.check(found);
  return found;
}

async function makeNext(parts: Parts, accounts: PoolAccounts): Promise<MadePeriod | undefined> {
  const { pool } = accounts;
  const wanted = {
    facts: await readFacts(parts),
    period: pool.period + 1n,
    through: instant(parts.now() - SETTLED_FACTS_MS),
    least: leastOf(accounts),
    pool: parts.pool,
    last: await readLast(parts, accounts),
  };
  // A verifier that looks and finds nothing new builds no tree.
  const file = must(makeLeaves(wanted));
  const total = totalOf(file.claims);
  if (total === pool.total && !isStale(parts, accounts)) return undefined;
  if (total - pool.total <= pool.periodCap) return must(makeTrees(file, parts.pool));
  const through = throughWithin(wanted, pool.periodCap);
  const part = must(makePeriod({ ...wanted, through }));
  if (part.content.total > pool.total) return part;
  const message = `one moment adds more than the ${pool.periodCap} lamports that the pool takes in one period: its admin has to open a pool with a higher cap`;
  throw fault('settlement-period-cap', message);
}

/** A pool without a final root for long gives deposits back: one that adds nothing helps. */
function isStale({ now }: Parts, { pool, config }: PoolAccounts): boolean {
  return BigInt(Math.floor(now() / 1000)) > pool.finalizedAt + config.deadManSecs / 4n;
}

/** Recomputes somebody's root from its own facts; signs it where it is the same. */
export async function attest(
  parts: Parts,
  accounts: PoolAccounts,
  { type, dataHash }: Extract<SettlementStep, { dataHash: Digest; type: 'attest' | 'review' }>,
): Promise<void> {
  const { pool } = accounts;
  const theirs = must(decodeLeafFile(await parts.files.read(dataHash)));
  const made = makePeriod({
    facts: await readFacts(parts),
    period: pool.period + 1n,
    through: theirs.through,
    least: leastOf(accounts),
    pool: parts.pool,
    last: await readLast(parts, accounts),
  });
  const checked = made.ok ? checkPeriod(made.value, dataHash) : made;
  parts.reviewed = { dataHash, agrees: checked.ok };
  if (!checked.ok) return parts.say('warning', checked.refusal.message);
  if (!made.ok) return;
  if (type === 'review') return;
  await checkEscrows(parts, made.value.file);
  await parts.files.keep(made.value.bytes);
  await sign(parts, accounts, { made: made.value, dataHash, isProposal: false });
  parts.say('info', `period ${pool.period + 1n}: signed what another verifier proposed`);
}

interface Signing {
  made: MadePeriod;
  dataHash: Digest;
  isProposal: boolean;
}

/** Writes down what is signed before it is: no crash leads to a second content for one attempt. */
async function sign(
  parts: Parts,
  accounts: PoolAccounts,
  { made, dataHash, isProposal }: Signing,
): Promise<void> {
  const { pool, config } = accounts;
  const place = placeOf(accounts, parts.now() / 1000);
  await parts.book.noteSigned({
    period: Number(place.period),
    attempt: Number(place.attempt),
    dataHash,
  });
  const expiresAt = isProposal
    ? BigInt(Math.floor(parts.now() / 1000)) + config.graceSecs - 1n
    : pool.pending.expiresAt;
  const { content } = made;
  const message = attestedBytes(hashAttestation(place, hashContent(content), expiresAt));
  const key = hexToBytes(parts.self);
  const signatures = checkSignatures(message, [{ key, signature: parts.sign(message) }]);
  const at = {
    config: parts.config,
    pool: parts.pool,
    set: addressesOf(parts.program).verifierSet(parts.config, place.setId),
  };
  const instructions = instructionsOf(parts.program);
  const last = isProposal
    ? instructions.proposeRoot(at, { period: place.period, content, expiresAt })
    : instructions.attest(at);
  await parts.cluster.send([signatures, last], parts.payer);
}
