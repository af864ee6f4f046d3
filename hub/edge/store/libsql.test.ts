import { expect, test } from 'vitest';
import { openMemoryDatabase } from './libsql.ts';

test('a database holds nothing of what was written and read through it', async () => {
  const { read, write, close } = await openMemoryDatabase();
  await write(['create table kept (number integer primary key, bytes blob)']);
  const bytes = new Uint8Array(1_000_000).fill(7);
  const pass = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      await write([{ sql: 'insert or replace into kept values (1, ?)', args: [bytes] }]);
      await read('select number from kept where bytes = ?', bytes);
    }
  };
  await pass(20);
  const before = process.memoryUsage().rss;
  await pass(200);
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  await close();
});

test('a write that fails half way leaves nothing, and the next one goes on', async () => {
  const { read, write, close } = await openMemoryDatabase();
  await write(['create table kept (number integer primary key)']);
  const insert = (number: number) => ({ sql: 'insert into kept values (?)', args: [number] });
  await expect(write([insert(1), insert(1)])).rejects.toMatchObject({
    refusal: { code: 'storage-failed' },
  });
  await expect(write([insert(2), 'no sql'])).rejects.toMatchObject({
    refusal: { code: 'storage-failed' },
  });
  await write([insert(3)]);
  expect(await read('select * from kept')).toEqual([{ number: 3 }]);
  await close();
});

test('values come back as they went in', async () => {
  const { read, close } = await openMemoryDatabase();
  const values = [0, -1.5, 2 ** 53 - 1, 'größer', null, new Uint8Array([0, 255])] as const;
  const [row] = await read<object>(`select ${values.map((_, at) => `? as v${at}`)}`, ...values);
  expect(Object.values(row ?? {})).toEqual(values);
  await close();
});
