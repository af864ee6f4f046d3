import { afterAll, describe, expect, it } from 'vitest';
import type { Database } from './port.ts';

/** What every database does, wherever it works. */
export function checkDatabase(name: string, open: () => Promise<Database>): void {
  describe(name, () => {
    const opened: Database[] = [];
    const openOne = async () => {
      const database = await open();
      opened.push(database);
      await database.write(['create table kept (number integer primary key, bytes blob)']);
      return database;
    };
    afterAll(() => Promise.all(opened.map(({ close }) => close())));
    const insert = (number: number) => ({
      sql: 'insert into kept (number) values (?)',
      args: [number],
    });

    it('leaves nothing of a write that fails half way, and goes on', async () => {
      const { read, write } = await openOne();
      await expect(write([insert(1), insert(1)])).rejects.toMatchObject({
        refusal: { code: 'storage-failed' },
        cause: { message: expect.stringContaining('UNIQUE') },
      });
      await expect(write([insert(2), 'no sql'])).rejects.toMatchObject({
        refusal: { code: 'storage-failed' },
      });
      await write([insert(3)]);
      expect(await read('select number from kept')).toEqual([{ number: 3 }]);
    });

    it('gives values back as they went in', async () => {
      const { read } = await openOne();
      const bytes = new Uint8Array([9, 0, 255]).subarray(1);
      const values = [0, -1.5, 2 ** 53 - 1, 'größer', null, bytes] as const;
      const [row] = await read<object>(`select ${values.map((_, at) => `? as v${at}`)}`, ...values);
      expect(Object.values(row ?? {})).toEqual(values);
    });

    it('does what it is asked in turn', async () => {
      const { read, write } = await openOne();
      const counts = await Promise.all(
        [1, 2, 3].flatMap((number) => [
          write([insert(number)]),
          read<{ count: number }>('select count(*) as count from kept'),
        ]),
      );
      expect(counts.flatMap((rows) => rows ?? [])).toEqual([1, 2, 3].map((count) => ({ count })));
    });

    it('holds nothing of what was written and read through it', async () => {
      const { read, write } = await openOne();
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
    });
  });
}
