import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { Database } from './database/port.ts';
import { MIGRATIONS } from './migrations.ts';

/** Brings a database, an empty one as well, to the newest version. */
export async function migrate({ read, write }: Database): Promise<void> {
  await write(['create table if not exists migration (version integer primary key)']);
  const done = (await read('select version from migration')).length;
  if (done > MIGRATIONS.length) {
    const message = `the database has version ${done}, this hub knows up to ${MIGRATIONS.length}; start a newer hub or use another data directory`;
    throw new PocketgridError(refusal('storage-failed', message));
  }
  for (const [version, statements] of MIGRATIONS.entries()) {
    if (version < done) continue;
    await write([...statements, `insert into migration values (${version})`]);
  }
}
