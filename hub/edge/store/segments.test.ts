import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { instant } from '#protocol/values/units.ts';
import { openDatabaseFile } from './database/open.ts';
import { MIGRATIONS } from './migrations.ts';
import { accepted, jobArchived, jobCreated, jobId } from './sample-facts.ts';
import { openFileStore } from './store.ts';

const folder = openTestFolder();

/** Makes a store that a hub had before outputs were moved. */
async function makeOld(file: string): Promise<void> {
  const store = await openFileStore(file);
  await store.append([1, 2, 3].map(jobCreated));
  await store.append([1, 2, 3].map((job) => accepted({ index: job, job })));
  await store.append([1, 2].map(jobArchived));
  await store.append([{ type: 'data-removed', job: jobId(2), at: instant(9) }]);
  await store.close();
  const database = await openDatabaseFile(file);
  const version = MIGRATIONS.findIndex((each) => each.some((sql) => sql.includes('outputs_due')));
  const later = MIGRATIONS.slice(version)
    .flat()
    .join('\n')
    .matchAll(/create table (\w+)/g);
  await database.write([
    ...[...later].map(([, table]) => `drop table ${table}`),
    `delete from migration where version >= ${version}`,
  ]);
  await database.close();
}

test('outputs of jobs that an older hub archived are moved as well, but for those removed', async () => {
  const file = join(folder, 'hub.db');
  await makeOld(file);
  const store = await openFileStore(file);
  const { outputRows } = store;
  const due = await outputRows.due(0);
  expect(due?.id).toBe(jobId(1));
  expect(await outputRows.due(due?.number ?? 0)).toBeUndefined();
  await store.append([{ type: 'outputs-kept', job: jobId(1), at: instant(9) }]);
  expect(await outputRows.due(0)).toBeUndefined();
  await store.append([jobArchived(3)]);
  expect(await outputRows.due(0)).toMatchObject({ id: jobId(3) });
  await store.close();
});
