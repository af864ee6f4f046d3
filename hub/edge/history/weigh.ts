import { join } from 'node:path';
import { openDatabaseFile } from '../store/database/open.ts';

/** `weigh.ts FOLDER`: the bytes of each table and index of a hub's database, as a JSON line. */
const [folder = ''] = process.argv.slice(2);
const database = await openDatabaseFile(join(folder, 'hub.db'));
const sql = 'select name, sum(pgsize) as bytes from dbstat group by name order by bytes desc';
const rows = await database.read<{ name: string; bytes: number }>(sql);
await database.close();
const tables = Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes]));
process.stdout.write(`${JSON.stringify({ weighed: true, tables })}\n`);
