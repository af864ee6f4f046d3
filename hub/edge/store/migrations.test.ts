import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient } from '@libsql/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeWith } from '#protocol/decode.ts';
import { DeveloperId } from '#protocol/ids.ts';
import { openLibsqlStore } from './libsql.ts';
import { MIGRATIONS } from './migrations.ts';
import { jobCreated } from './sample-facts.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-migrations-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A database as a hub left it before the migration that says `mark`, with these job records. */
async function openOld(mark: string, records: readonly object[]): Promise<string> {
  const file = join(folder, 'hub.db');
  await mkdir(folder, { recursive: true });
  const client = createClient({ url: pathToFileURL(file).href });
  const version = MIGRATIONS.findIndex((statements) => statements.some((s) => s.includes(mark)));
  await client.batch(['create table migration (version integer primary key)']);
  for (const [at, statements] of MIGRATIONS.slice(0, version).entries()) {
    const done = { sql: 'insert into migration values (?)', args: [at] };
    await client.batch([...statements, done]);
  }
  for (const [at, record] of records.entries()) {
    const sql = 'insert into job (id, record_json, input_digests) values (?, ?, ?)';
    await client.execute({
      sql,
      args: [`job_${at}`, JSON.stringify(record), new Uint8Array(32)],
    });
  }
  client.close();
  return file;
}

test('jobs whose assurance was a number have its name after a migration', async () => {
  const records = [0, 1, 2, 3].map((assurance) => {
    const fact = jobCreated(assurance);
    return { ...(fact.type === 'job-created' && fact.record), assurance };
  });
  const store = await openLibsqlStore(await openOld("'$.assurance',\n", records));
  const { jobs } = await store.load();
  await store.close();
  expect(jobs.map(({ record: { assurance } }) => assurance)).toEqual([
    'instant',
    'settled',
    'settled',
    'full',
  ]);
});

test('jobs that were posted before keys had names have one developer after a migration', async () => {
  const records = [1, 2].map((number) => {
    const fact = jobCreated(number);
    return { ...(fact.type === 'job-created' && fact.record), developer: undefined };
  });
  const store = await openLibsqlStore(await openOld("'$.developer'", records));
  const { jobs } = await store.load();
  await store.close();
  const developers = jobs.map(({ record }) =>
    decodeWith(DeveloperId, record.developer, 'internal'),
  );
  expect(developers).toEqual(Array(2).fill({ ok: true, value: 'dev_0000000000000000' }));
});
