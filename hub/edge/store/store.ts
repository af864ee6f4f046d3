import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { namesBlob } from './blob-names.ts';
import { openEarnings } from './earnings.ts';
import { decodeFact, type FactRow, loadFacts, openAppend, parseBody, tipAt } from './fact-table.ts';
import { IS_VOID, OF_JOBS } from './fact-types.ts';
import { type KeyStore, openKeys } from './keys.ts';
import {
  type Database,
  openDatabaseFile,
  openMemoryDatabase,
  openSharedDatabase,
} from './libsql.ts';
import { migrate } from './migrate.ts';
import type { ShardOutputs, Store } from './port.ts';
import { openReceipts } from './receipts.ts';
import { readExpired } from './removal.ts';

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
  return {
    append: await openAppend(database),
    load: (after = -1) => loadFacts(database, after),
    tip: () => tipAt(database, Number.MAX_SAFE_INTEGER),
    async hasTip({ number, digest }) {
      const tip = await tipAt(database, number);
      return tip?.number === number && tip.digest === digest;
    },
    async archived(job) {
      const sql = `select type, body, input_digests from fact where job = ? and type in
        ${OF_JOBS} order by number`;
      const facts = (await read<FactRow>(sql, job)).map(decodeFact);
      return facts.some(({ type }) => type === 'job-archived') ? facts : [];
    },
    async jobs(before, limit, owners) {
      const owned =
        owners && `and body->>'$.record.developer' in (${owners.map(() => '?').join()})`;
      const sql = `select place, job from fact where type = 'job-created' and place > 0
        and place < ? ${owned ?? ''} order by place desc limit ?`;
      const args = [before, ...(owners ?? []), limit];
      const rows = await read<{ place: number; job: JobId }>(sql, ...args);
      return rows.map(({ place, job }) => ({ number: place, id: job }));
    },
    expired: (now, limit) => readExpired(database, now, limit),
    namesBlob: (root) => namesBlob(database, root),
    async results(job, fromUnit, toUnit) {
      const sql = `select body, outputs from fact where type = 'accepted' and job = ?
        and first_unit < ? and end_unit > ? and not ${IS_VOID} order by sequence`;
      return (await read<OutputsRow>(sql, job, toUnit, fromUnit)).map(decodeOutputs);
    },
    async delivered(lease) {
      const sql = "select body, outputs from fact where type = 'accepted' and lease = ?";
      return (await read<OutputsRow>(sql, lease)).map(decodeOutputs)[0];
    },
    fingerprints: (lease) => readFingerprints(database, lease),
    ...openReceipts(database),
    ...openEarnings(database),
    verdicts: (after, limit) => readSigned(database, 'verdict', { after, limit }),
    epochs: (after, limit) => readSigned(database, 'epoch', { after, limit }),
    async commitments(fromIndex, limit) {
      const sql = `select body from fact where type = 'committed' and log_index >= ?
        order by log_index limit ?`;
      const rows = await read<FactRow>(sql, fromIndex, limit);
      return rows.map(({ body }) => parseBody('committed', body).commitment);
    },
    async shards(fromSequence, limit) {
      const sql = `select body, ${IS_VOID} as voided from fact
        where type = 'accepted' and sequence >= ? order by sequence limit ?`;
      const rows = await read<FactRow & { voided: number }>(sql, fromSequence, limit);
      return rows.map(({ body, voided }) => {
        const { shard, salt } = parseBody('accepted', body);
        return { shard, salt, voided: voided === 1 };
      });
    },
    keys: openKeys(database),
    close,
  };
}

type OutputsRow = FactRow & { outputs: Uint8Array };

const decodeOutputs = ({ body, outputs }: OutputsRow): ShardOutputs => {
  return { shard: parseBody('accepted', body).shard, outputs };
};

async function readFingerprints({ read }: Database, lease: LeaseId) {
  const sql = `select fact.body, fact.fingerprints, committed.body as committed
    from fact join fact as committed on committed.type = 'committed' and committed.lease = ?1
    where fact.type = 'accepted' and fact.lease = ?1 and fact.fingerprints is not null`;
  const [row] = await read<FactRow & { fingerprints: Uint8Array; committed: string }>(sql, lease);
  if (row === undefined) return undefined;
  const { shard } = parseBody('accepted', row.body);
  const { entry, logSignature } = parseBody('committed', row.committed).commitment;
  return { shard, entry, logSignature, fingerprints: row.fingerprints };
}

/** Signed records of one type, numbered by their place. */
async function readSigned<T extends 'verdict' | 'epoch'>(
  { read }: Database,
  type: T,
  { after, limit }: { after: number; limit: number },
) {
  const sql = `select place, body from fact where type = ? and place > ? and place > 0
    order by place limit ?`;
  const rows = await read<FactRow>(sql, type, after, limit);
  return rows.map(({ place, body }) => ({ number: place, signed: parseBody(type, body).signed }));
}
