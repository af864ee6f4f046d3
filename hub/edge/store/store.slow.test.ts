import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import { checkAnswerStore } from './answers.contract.ts';
import { checkBatchStore } from './batches.contract.ts';
import { openDatabaseFile } from './database/open.ts';
import { checkKeyStore } from './keys.contract.ts';
import { MIGRATIONS } from './migrations.ts';
import { checkModelStore } from './models.contract.ts';
import { checkMoneyStore } from './money.contract.ts';
import { accepted, committed, jobCreated, jobId } from './sample-facts.ts';
import { checkStore } from './store.contract.ts';
import { openFileStore } from './store.ts';
import { loadAll, unitsIn } from './store-world.ts';
import { checkWebhookStore } from './webhooks/webhooks.contract.ts';

const { data: folder, start } = openTestPrograms();
let files = 0;
const freshFile = () => join(folder, `${files++}`, 'hub.db');

describe('store in a file', () => {
  const open = async () => {
    const file = freshFile();
    return { store: await openFileStore(file), reopen: () => openFileStore(file) };
  };
  checkStore(open);
  checkMoneyStore(open);
  checkKeyStore(open);
  checkModelStore(open);
  checkBatchStore(open);
  checkWebhookStore(open);
  checkAnswerStore(open);

  it('refuses with disk-full past its cap, keeps what it had and goes on', async () => {
    const file = freshFile();
    const store = await openFileStore(file, { bytesMax: 400_000 });
    await store.append([jobCreated(1), accepted({ index: 0 }, 100_000)]);
    await expect(store.append([accepted({ index: 1 }, 900_000)])).rejects.toMatchObject({
      refusal: { code: 'disk-full' },
    });
    expect(await loadAll(store)).toHaveLength(2);
    await store.append([accepted({ index: 2 }, 1_000)]);
    await store.close();
    const again = await openFileStore(file);
    expect(await again.results(jobId(1), unitsIn(0, 8))).toHaveLength(2);
    await again.close();
  });

  it('keeps a second hub off the same data directory', async () => {
    const file = freshFile();
    const store = await openFileStore(file);
    await expect(openFileStore(file)).rejects.toMatchObject({ refusal: { code: 'busy' } });
    await store.append([committed({ index: 0 })]);
    await store.close();
    const next = await openFileStore(file);
    expect(await loadAll(next)).toEqual([committed({ index: 0 })]);
    await next.close();
  });

  it('turns bans that verifiers of an older hub overturned into pardons', async () => {
    const file = freshFile();
    await mkdir(dirname(file), { recursive: true });
    const database = await openDatabaseFile(file);
    const last = MIGRATIONS.findIndex((each) => each.includes('drop table appeal'));
    const said = (stage: string, lease: string, at: number) => {
      const fact = JSON.stringify({ stage, device: 'd1', lease, unit: 3, at });
      return `insert into appeal (appeal_json) values ('${fact}')`;
    };
    const banRow = (at: number) =>
      `insert into barred (device, until, reason, at) values ('d1', ${at + 9}, 'wrong', ${at})`;
    const statements = [
      'create table migration (version integer primary key)',
      ...MIGRATIONS.slice(0, last).flatMap((each, version) => [
        ...each,
        `insert into migration values (${version})`,
      ]),
      ...[banRow(10), said('convicted', 'l1', 10), said('opened', 'l1', 11)],
      ...[said('overturned', 'l1', 12), banRow(20), said('convicted', 'l2', 20)],
      ...[said('opened', 'l2', 21), said('upheld', 'l2', 22), banRow(30)],
    ];
    await database.write(statements);
    await database.close();
    const store = await openFileStore(file);
    const facts = await loadAll(store);
    const reason = 'other verifiers found its unit right';
    const ban = (at: number, lease?: string) => ({
      ...{ type: 'banned', at },
      ...(lease === undefined ? {} : { work: { lease, unit: 3 } }),
    });
    expect(facts).toMatchObject([
      ...[ban(10, 'l1'), ban(20, 'l2'), ban(30)],
      { type: 'pardoned', device: 'd1', bannedAt: 10, reason, at: 12 },
    ]);
    await store.close();
  });

  it('has every acknowledged group after kill -9, and no half of any', async () => {
    const file = freshFile();
    const groupSize = 7;
    for (const groups of [3, 20, 41]) {
      const acknowledged = await appendAndKill(file, groupSize, groups);
      const store = await openFileStore(file);
      const facts = await loadAll(store);
      const shards = facts.filter(({ type }) => type === 'accepted').length;
      expect(shards).toBeGreaterThanOrEqual(acknowledged);
      expect(shards % groupSize).toBe(0);
      expect(facts).toHaveLength(2 * shards);
      const results = await store.results(jobId(1), unitsIn(0, 8));
      expect(results.every(({ outputs }) => outputs.length === 3_000)).toBe(true);
      await store.close();
    }
  }, 60_000);
});

/** Lets the child acknowledge some groups, kills it, and answers the last index it acknowledged. */
async function appendAndKill(file: string, groupSize: number, groups: number): Promise<number> {
  const { child } = start('hub/edge/store/append-kill-target.ts', file, `${groupSize}`);
  let acknowledged = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    lines += 1;
    if (lines === groups) child.kill('SIGKILL');
  }
  expect(lines).toBeGreaterThanOrEqual(groups);
  return acknowledged;
}
