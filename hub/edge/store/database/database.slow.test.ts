import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { checkDatabase } from './database.contract.ts';
import { openDatabaseFile, openMemoryDatabase } from './open.ts';

const folder = openTestFolder();
let files = 0;
const freshFile = () => join(folder, `${files++}.db`);

checkDatabase('a database in memory', openMemoryDatabase);
checkDatabase('a database on its thread', () => openDatabaseFile(freshFile()));

it('a thread of a database says what a file is that is none', async () => {
  await expect(openDatabaseFile(folder)).rejects.toMatchObject({
    refusal: { code: 'storage-failed' },
  });
});

it('a thread of a database leaves the other free while it syncs', async () => {
  const { read, write, close } = await openDatabaseFile(freshFile());
  await write(['create table kept (bytes blob)']);
  const order: string[] = [];
  const bytes = new Uint8Array(16_000_000);
  const writing = write([{ sql: 'insert into kept values (?)', args: [bytes] }]).then(() =>
    order.push('written'),
  );
  setImmediate(() => order.push('turn'));
  await writing;
  expect(order).toEqual(['turn', 'written']);
  expect(await read('select length(bytes) as length from kept')).toEqual([{ length: 16_000_000 }]);
  await close();
});

it('a closed database refuses, and its file can be opened again', async () => {
  const file = freshFile();
  const first = await openDatabaseFile(file);
  await first.close();
  await expect(first.read('select 1')).rejects.toMatchObject({ refusal: { code: 'hub-stopping' } });
  await (await openDatabaseFile(file)).close();
});
