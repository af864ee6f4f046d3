import { hash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { openHub, SNAPSHOT_VERSION, takeSnapshot } from '../../core/hub.ts';
import { growTree, openLogTree } from '../../core/log/tree.ts';
import type { Fact } from '../../core/state/facts.ts';
import { accepted, committed, committedShard, jobCreated, keyOf } from './sample-facts.ts';
import { openSnapshots } from './snapshots.ts';
import { openMemoryStore } from './store.ts';
import { loadAll } from './store-world.ts';

const folder = openTestFolder();
const CONFIG = {
  hub: 'aa'.repeat(32) as PublicKey,
  checks: CHECK_POLICY_DEFAULT,
  beatMs: millis(20_000),
  iceServers: [],
  needsVerifier: true,
  barMs: millis(1_000),
};
const FACTS: Fact[] = [jobCreated(1), committed({ index: 0 }), accepted({ index: 0 })];

/** A store with some facts, and what they came to. */
async function openWorld(facts = FACTS) {
  const store = await openMemoryStore();
  await store.append(facts);
  const hub = openHub(await loadAll(store), CONFIG);
  hub.factNumber = facts.length;
  const tree = openLogTree();
  growTree(tree, committedShard({ index: 0 }).entry);
  return { store, hub, tree };
}

async function keepIn(name: string) {
  const file = join(folder, name);
  const world = await openWorld();
  const snapshots = openSnapshots(file, world.store);
  await snapshots.keep(world.hub, world.tree, 'always');
  return { ...world, file };
}

test('a snapshot comes back as it was kept', async () => {
  const { store, hub, tree, file } = await keepIn('whole');
  const found = await openSnapshots(file, store).read();
  expect(found?.state).toEqual(takeSnapshot(hub));
  expect(found?.tree).toEqual(tree);
});

test('a snapshot serves a store that went on', async () => {
  const { store, file } = await keepIn('older');
  await store.append([
    { type: 'verifier-enrolled', key: keyOf(1), at: jobCreated(1).record.createdAt },
  ]);
  expect((await openSnapshots(file, store).read())?.state.factNumber).toBe(3);
});

test('a snapshot of another store is not taken', async () => {
  const { file } = await keepIn('other');
  for (const facts of [FACTS.slice(0, 2), [...FACTS.slice(0, 2), jobCreated(2)]]) {
    const { store } = await openWorld(facts);
    expect(await openSnapshots(file, store).read()).toBeUndefined();
  }
});

test('a snapshot that is broken anywhere, or missing, is not taken', async () => {
  const { store, file } = await keepIn('broken');
  const whole = await readFile(file);
  for (const place of [0, 40, whole.length >> 1, whole.length - 1]) {
    const bytes = Buffer.from(whole);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await writeFile(file, bytes);
    expect(await openSnapshots(file, store).read()).toBeUndefined();
  }
  for (const length of [0, 31, whole.length - 1]) {
    await writeFile(file, whole.subarray(0, length));
    expect(await openSnapshots(file, store).read()).toBeUndefined();
  }
  expect(await openSnapshots(join(folder, 'none'), store).read()).toBeUndefined();
});

test('a snapshot of another version is not taken', async () => {
  const { store, file } = await keepIn('version');
  const kept = deserialize((await readFile(file)).subarray(32)) as { version: number };
  for (const version of [SNAPSHOT_VERSION, SNAPSHOT_VERSION - 1, SNAPSHOT_VERSION + 1, undefined]) {
    const content = serialize({ ...kept, version });
    await writeFile(file, Buffer.concat([hash('sha256', content, 'buffer'), content]));
    const found = await openSnapshots(file, store).read();
    expect(found !== undefined).toBe(version === SNAPSHOT_VERSION);
  }
});

test('a snapshot is written when enough facts came since the last, and at a stop', async () => {
  const { store, hub, tree, file } = await keepIn('again');
  const snapshots = openSnapshots(file, store);
  await snapshots.read();
  const before = await readFile(file);
  hub.factNumber += 99_999;
  await snapshots.keep(hub, tree);
  expect(await readFile(file)).toEqual(before);
  hub.factNumber += 1;
  await snapshots.keep(hub, tree);
  expect(await readFile(file)).not.toEqual(before);
});
