import { PocketgridError } from '#protocol/values/refusal.ts';
import type { Fact } from '../../core/state/facts.ts';
import { unknownBlob } from '../blobs/range.ts';
import { openAnswers } from './answers.ts';
import { namesFile, openBatches, openFiles } from './batches.ts';
import { jobsNaming, namesBlob } from './blob-names.ts';
import { openDatabaseFile, openMemoryDatabase, openSharedDatabase } from './database/open.ts';
import type { Database } from './database/port.ts';
import { openDeviceFacts } from './device-facts.ts';
import { openEarnings } from './earnings.ts';
import { openExports } from './exports.ts';
import { openFactReader } from './fact-reader.ts';
import { FACT, type FactRow } from './fact-rows.ts';
import { openAppend } from './fact-table.ts';
import { IS_VOID, OF_JOBS } from './fact-types.ts';
import { type KeyStore, openKeys } from './keys.ts';
import { migrate } from './migrate.ts';
import { namesModel, openModels } from './models.ts';
import { openMoneyFacts } from './money-facts.ts';
import type { SegmentBlobs } from './output-bytes.ts';
import { openOutputRows } from './output-rows.ts';
import { openOutputs } from './outputs.ts';
import type { NumberedJob, Store } from './port.ts';
import { openReceipts } from './receipts.ts';
import { readExpired } from './removal.ts';
import { namesSegment } from './segments.ts';
import { openWebhooks } from './webhooks/open.ts';
import { openWords, WORD } from './words.ts';

/** No blobs: for who reads no outputs, or none of jobs that ended. */
const NO_BLOBS: SegmentBlobs = { read: async (root) => unknownBlob(root) };

/**
 * Opens the store in a SQLite file, which is made on first use and may grow to `bytesMax`. Outputs of
 * archived jobs are read from `blobs`.
 */
export const openFileStore = async (
  file: string,
  { bytesMax, blobs = NO_BLOBS }: { bytesMax?: number; blobs?: SegmentBlobs } = {},
): Promise<Store> => openStore(await openDatabaseFile(file, bytesMax), blobs);

/** A store that lives as long as the process, for tests. */
export const openMemoryStore = async (blobs = NO_BLOBS): Promise<Store> =>
  openStore(await openMemoryDatabase(), blobs);

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

async function openStore(database: Database, blobs: SegmentBlobs): Promise<Store> {
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
    async jobs(before, limit, { owners, named } = {}) {
      const owned =
        owners && `and body->>'$.record.developer' in (${owners.map(() => '?').join()})`;
      const called = named && "and instr(lower(body->>'$.record.name'), lower(?)) > 0";
      const sql = `select place as number, word.text as id from fact
        join word on word.number = fact.job where type = 'job-created' and place > 0 and place < ?
        ${owned ?? ''} ${called ?? ''} order by place desc limit ?`;
      const words = [...(owners ?? []), ...(named ? [named] : [])];
      return read<NumberedJob>(sql, before, ...words, limit);
    },
    expired: (now, limit) => readExpired(database, now, limit),
    namesBlob: async (root) =>
      (await namesBlob(database, root)) ||
      (await namesSegment(database, root)) ||
      (await namesModel(database, root)) ||
      namesFile(database, root),
    jobsNaming: (root) => jobsNaming(database, root),
    ...openOutputs(database, facts, blobs),
    outputRows: openOutputRows(database),
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
    models: openModels(database),
    files: openFiles(database),
    batches: openBatches(database),
    webhooks: openWebhooks(database),
    answers: openAnswers(database),
    exports: openExports(database),
    close,
  };
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
