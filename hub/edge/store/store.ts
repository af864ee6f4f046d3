import type { LeaseId } from '#protocol/values/ids.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import type { Fact } from '../../core/state/facts.ts';
import { jobsNaming, namesBlob } from './blob-names.ts';
import { openDatabaseFile, openMemoryDatabase, openSharedDatabase } from './database/open.ts';
import type { Database } from './database/port.ts';
import { openDeviceFacts } from './device-facts.ts';
import { openEarnings } from './earnings.ts';
import { type FactReader, openFactReader } from './fact-reader.ts';
import { FACT, type FactRow } from './fact-rows.ts';
import { openAppend } from './fact-table.ts';
import { IS_VOID, OF_JOBS, OF_LEASE } from './fact-types.ts';
import { type KeyStore, openKeys } from './keys.ts';
import { migrate } from './migrate.ts';
import { openMoneyFacts } from './money-facts.ts';
import type { NumberedJob, ShardFingerprints, ShardOutputs, Store, UnitRange } from './port.ts';
import { openReceipts } from './receipts.ts';
import { readExpired } from './removal.ts';
import { openWords, WORD } from './words.ts';

/** Opens the store in a SQLite file, which is made on first use and may grow to `bytesMax`. */
export const openFileStore = async (file: string, bytesMax?: number): Promise<Store> =>
  openStore(await openDatabaseFile(file, bytesMax));

/** A store that lives as long as the process, for tests. */
export const openMemoryStore = async (): Promise<Store> => openStore(await openMemoryDatabase());

/**
 * The API keys in the SQLite file of a hub, which may run meanwhile: it sees what changes at its
 * next call.
 */
export async function openFileKeys(
  file: string,
): Promise<{ keys: KeyStore; close(): Promise<void> }> {
  try {
    return await openFileStore(file);
  } catch (error) {
    if (!(error instanceof PocketgridError) || error.refusal.code !== 'busy') throw error;
    const database = await openSharedDatabase(file);
    return { keys: openKeys(database), close: database.close };
  }
}

async function openStore(database: Database): Promise<Store> {
  const { read, close } = database;
  await migrate(database).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const words = await openWords(database);
  const facts = openFactReader(database, words);
  return {
    append: await openAppend(database, words),
    load: (after = -1) => facts.load(after),
    tip: () => facts.tip(Number.MAX_SAFE_INTEGER),
    async hasTip({ number, digest }) {
      const tip = await facts.tip(number);
      return tip?.number === number && tip.digest === digest;
    },
    async archived(job) {
      const sql = `select ${FACT} from fact where job = ${WORD} and type in ${OF_JOBS}
        order by number`;
      const said = await facts.decode<Exclude<Fact['type'], 'accepted'>>(
        await read<FactRow>(sql, job),
      );
      return said.some(({ type }) => type === 'job-archived') ? said : [];
    },
    async jobs(before, limit, owners) {
      const owned =
        owners && `and body->>'$.record.developer' in (${owners.map(() => '?').join()})`;
      const sql = `select place as number, word.text as id from fact
        join word on word.number = fact.job where type = 'job-created' and place > 0 and place < ?
        ${owned ?? ''} order by place desc limit ?`;
      return read<NumberedJob>(sql, before, ...(owners ?? []), limit);
    },
    expired: (now, limit) => readExpired(database, now, limit),
    namesBlob: (root) => namesBlob(database, root),
    jobsNaming: (root) => jobsNaming(database, root),
    async results(job, units) {
      const sql = `select ${FACT}, output.outputs from fact
        left join output on output.number = fact.number where ${OF_UNITS} order by sequence`;
      return decodeOutputs(facts, await read<OutputsRow>(sql, job, ...argsOf(units)));
    },
    async spans(job, units) {
      const sql = `select first_unit as firstUnit, end_unit - first_unit as unitCount from fact
        where ${OF_UNITS} order by sequence`;
      return read<{ firstUnit: number; unitCount: number }>(sql, job, ...argsOf(units));
    },
    async delivered(lease) {
      const sql = `select ${FACT}, (select outputs from output where output.number = fact.number)
        as outputs from ${OF_LEASE}`;
      return (await decodeOutputs(facts, await read<OutputsRow>(sql, lease)))[0];
    },
    fingerprints: (lease) => readFingerprints(database, facts, lease),
    ...openReceipts(database, facts),
    ...openEarnings(database, facts),
    ...openDeviceFacts(database, facts),
    ...openMoneyFacts(database, facts),
    verdicts: (after, limit) =>
      readSigned(database, facts.decode<'verdict'>, { type: 'verdict', after, limit }),
    epochs: (after, limit) =>
      readSigned(database, facts.decode<'epoch'>, { type: 'epoch', after, limit }),
    async commitments(fromIndex, limit) {
      const sql = `select ${FACT} from fact where type = 'committed' and log_index >= ?
        order by log_index limit ?`;
      const found = await facts.decode<'committed'>(await read<FactRow>(sql, fromIndex, limit));
      return found.map(({ commitment }) => commitment);
    },
    async shards(fromSequence, limit) {
      const sql = `select ${FACT}, ${IS_VOID} as voided from fact
        where type = 'accepted' and sequence >= ? order by sequence limit ?`;
      const rows = await read<FactRow & { voided: number }>(sql, fromSequence, limit);
      const found = await facts.decode<'accepted'>(rows);
      return found.map(({ shard, salt }, at) => ({ shard, salt, voided: rows[at]?.voided === 1 }));
    },
    keys: openKeys(database),
    close,
  };
}

/** Not-voided accepted shards of some units. */
const OF_UNITS = `type = 'accepted' and job = ${WORD} and first_unit < ? and end_unit > ?
  and first_unit >= ? and not ${IS_VOID}`;
const argsOf = ({ first, end, beginningAt }: UnitRange) => [end, first, beginningAt];

type OutputsRow = FactRow & { outputs: Uint8Array };

async function decodeOutputs(
  facts: FactReader,
  rows: readonly OutputsRow[],
): Promise<ShardOutputs[]> {
  const found = await facts.decode<'accepted'>(rows);
  return rows.flatMap(({ outputs }, at) => {
    const shard = found[at]?.shard;
    return shard === undefined ? [] : [{ shard, outputs }];
  });
}

async function readFingerprints(
  { read }: Database,
  facts: FactReader,
  lease: LeaseId,
): Promise<ShardFingerprints | undefined> {
  const sql = `select ${FACT}, (select fingerprints from output where output.number = fact.number)
    as fingerprints from ${OF_LEASE}`;
  const [row] = await read<FactRow & { fingerprints: Uint8Array | null }>(sql, lease);
  if (!row?.fingerprints) return undefined;
  const [accepted] = await facts.decode<'accepted'>([row]);
  if (accepted === undefined) return undefined;
  const { shard } = accepted;
  const [commitment] = await facts.commitments([shard.index]);
  if (commitment === undefined) return undefined;
  const { entry, logSignature } = commitment;
  return { shard, entry, logSignature, fingerprints: row.fingerprints };
}

/** Signed records of one type, numbered by their place. */
async function readSigned<Signed>(
  { read }: Database,
  decode: (rows: readonly FactRow[]) => Promise<{ signed: Signed }[]>,
  { type, after, limit }: { type: Fact['type']; after: number; limit: number },
): Promise<{ number: number; signed: Signed }[]> {
  const sql = `select ${FACT} from fact where type = ? and place > ? and place > 0
    order by place limit ?`;
  const rows = await read<FactRow>(sql, type, after, limit);
  const found = await decode(rows);
  return found.map(({ signed }, at) => ({ number: rows[at]?.place ?? 0, signed }));
}
