import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import { verify } from '#node/verify.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import { inclusionRoot } from '#protocol/bytes/merkle-log.ts';
import { checkConsistency } from '#protocol/bytes/sample-consistency.ts';
import { hashEntry } from '#protocol/records/public-log.ts';
import type { TreeHead } from '#protocol/records/records.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeFakeKey } from '../sockets/fake-client.ts';
import { accepted, committed } from '../store/sample-facts.ts';
import { openFileStore, openMemoryStore } from '../store/store.ts';
import { openCommitmentLog } from './commitment-log.ts';

const { data: folder, start } = openTestPrograms();

const key = makeFakeKey();
const openLog = (store: Parameters<typeof openCommitmentLog>[0]['store']) =>
  openCommitmentLog({ store, sign: key.sign, now: () => 1_000 });
const bytesOf = (path: readonly string[]) => path.map(hexToBytes);
const treeOf = ({ size, root }: TreeHead) => ({ size, root: hexToBytes(root) });

describe('commitment log', () => {
  it('is signed, grows with what is on disk, and is the same when it is opened again', async () => {
    const store = await openMemoryStore();
    const log = await openLog(store);
    const empty = log.head();
    expect(empty.head.size).toBe(0);
    const facts = Array.from({ length: 2_500 }, (_, at) => committed({ index: at * 3 }));
    await store.append(facts);
    log.add([...facts.slice(0, 900), accepted({ index: 0 })]);
    const early = log.head();
    log.add(facts.slice(900));
    const { head, signature } = log.head();
    expect([early.head.size, head.size]).toEqual([900, 2_500]);
    expect(verify({ key: key.key, context: 'tree-head', record: head, signature })).toBe(true);
    expect((await openLog(store)).head()).toEqual(log.head());
    const { path } = must(await log.consistency(900, 2_500));
    expect(checkConsistency(treeOf(early.head), treeOf(head), bytesOf(path))).toBe(true);
  });

  it('proves each entry by its index, and pages through them by position', async () => {
    const store = await openMemoryStore();
    const facts = Array.from({ length: 2_500 }, (_, at) => committed({ index: at * 3 }));
    await store.append(facts);
    const log = await openLog(store);
    const { head } = log.head();
    for (const [from, limit] of [
      [0, 3],
      [1_022, 5],
      [2_499, 9],
    ] as const) {
      const entries = await log.entries(from, limit);
      expect(entries).toHaveLength(Math.min(limit, 2_500 - from));
      for (const [at, { entry }] of entries.entries()) {
        const { position, size, path } = must(await log.inclusion(entry.index, head.size));
        expect([position, entry.index]).toEqual([from + at, (from + at) * 3]);
        const root = inclusionRoot(hashEntry(entry), { position, size }, bytesOf(path));
        expect(root).toEqual(treeOf(head).root);
      }
    }
    expect(await log.entries(2_500, 5)).toEqual([]);
  });

  it.each([
    { what: 'an index that was skipped', index: 4, size: 5, code: 'not-found' },
    { what: 'an entry past the size', index: 9, size: 3, code: 'not-found' },
    { what: 'a size the log has not reached', index: 0, size: 6, code: 'range-invalid' },
  ])('refuses $what', async ({ index, size, code }) => {
    const store = await openMemoryStore();
    await store.append(Array.from({ length: 5 }, (_, at) => committed({ index: at * 3 })));
    const log = await openLog(store);
    expect(await log.inclusion(index, size)).toMatchObject({ refusal: { code } });
    for (const [from, to] of [
      [0, 6],
      [3, 2],
    ] as const) {
      expect(await log.consistency(from, to)).toMatchObject({ refusal: { code: 'range-invalid' } });
    }
  });

  it('keeps every head it gave after kill -9', async () => {
    const file = join(folder, 'hub.db');
    const heads: TreeHead[] = [];
    for (const lines of [4, 40]) {
      heads.push(...(await growAndKill(file, lines)));
      const store = await openFileStore(file);
      const log = await openLog(store);
      const now = log.head().head;
      expect(now.size).toBeGreaterThanOrEqual(heads.at(-1)?.size ?? 0);
      for (const older of heads) {
        const { path } = must(await log.consistency(older.size, now.size));
        expect(checkConsistency(treeOf(older), treeOf(now), bytesOf(path))).toBe(true);
      }
      await store.close();
    }
    expect(heads.at(-1)?.size).toBeGreaterThan(1_100);
  }, 60_000);
});

/** Lets the child print some heads, kills it, and gives what it printed. */
async function growAndKill(file: string, lines: number): Promise<TreeHead[]> {
  const { child } = start('hub/edge/log/log-kill-target.ts', file);
  const heads: TreeHead[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    heads.push(JSON.parse(line) as TreeHead);
    if (heads.length === lines) child.kill('SIGKILL');
  }
  expect(heads.length).toBeGreaterThanOrEqual(lines);
  return heads;
}
