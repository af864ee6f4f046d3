import * as v from 'valibot';
import { expect, test } from 'vitest';
import { ReceiptPage, VerdictPage } from '#protocol/api/api.ts';
import type { GridView } from '#protocol/api/grid-view.ts';
import type { JobView } from '#protocol/api/job.ts';
import { digest } from '#protocol/bytes/digest.ts';
import type { AcceptedShard, Verdict } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { type FakeClient, makeFakeKey, openFakeSession } from './sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from './sockets/fake-job.ts';
import { openTestHub } from './test-hub.ts';

const keys = [makeFakeKey(), makeFakeKey(), makeFakeKey()] as const;
const hub = openTestHub(() => ({ verifierKeys: keys.map(({ key }) => key) }));

const read = async (path: string): Promise<unknown> => (await hub.call(path)).json();

/** Each verdict that a call shows, by its verifier and kind. */
const saidIn = (verdicts: readonly { verdict: Verdict }[]) =>
  verdicts.map(({ verdict }) => [verdict.verifier, verdict.kind]);

test('no call shows what was said of a unit in dispute before it is ruled on', async () => {
  const job = (await (await postFakeJob(hub, { units: 1, autoStart: true })).json()) as JobView;
  const first = await prepareFakeJob(hub.url, keys[0]);
  const others = await Promise.all(
    keys.slice(1).map((who) => openFakeSession(hub.url, 'verifier', who)),
  );
  await computeFakeJob(hub, { job, who: makeFakeKey() });
  const { shard } = await first.until('check');
  const claimed = digest(new Uint8Array(new Float32Array([0, 1, 2]).buffer));
  const say = (client: FakeClient, changes: Partial<Verdict>): void => {
    const about = { verifier: client.key, shard, unit: 0, claimed };
    const verdict = sampleVerdict(about, changes);
    client.say({
      type: 'verdict',
      signed: { verdict, signature: client.sign('verdict', verdict) },
    });
  };
  const readAll = async () => ({
    page: v.parse(VerdictPage, await read('/v1/verdicts')),
    receipts: v.parse(ReceiptPage, await read(`/v1/jobs/${job.id}/receipts`)).receipts,
    grid: (await read('/v1/grid')) as GridView,
    view: (await read(`/v1/jobs/${job.id}`)) as JobView,
  });
  say(first, { kind: 'mismatch', reference: '02'.repeat(32) as Digest, runs: 2 });
  for (const other of others) {
    let asked: { shard: AcceptedShard; units?: number[] | undefined };
    do asked = await other.until('check');
    while (asked.units === undefined);
    expect(asked).toMatchObject({ units: [0], shard: { lease: shard.lease } });
  }
  const [second, third] = others;
  if (second === undefined || third === undefined) throw new Error('three verifiers are here');
  say(second, { kind: 'match' });
  await expect
    .poll(async () => (await readAll()).grid.disputes)
    .toMatchObject([{ job: job.id, unit: 0, spoken: [first.key, second.key] }]);
  await expect.poll(async () => (await readAll()).page.withheld).toBe(2);
  const before = await readAll();
  expect(before.page).toEqual({ verdicts: [], next: 0, shown: 0, withheld: 2 });
  expect(before.receipts.map(({ verdicts }) => verdicts)).toEqual([[]]);
  expect(before.view).toMatchObject({ checked: 0, mismatched: 0 });
  expect(JSON.stringify(before)).not.toContain('mismatch"');
  say(third, { kind: 'match' });
  await expect.poll(async () => (await readAll()).page.withheld).toBe(0);
  const after = await readAll();
  const said = [
    [first.key, 'mismatch'],
    [second.key, 'match'],
    [third.key, 'match'],
  ];
  expect(saidIn(after.page.verdicts.map(({ signed }) => signed))).toEqual(said);
  expect(after.receipts.map(({ verdicts }) => saidIn(verdicts))).toEqual([said]);
  expect(after.view).toMatchObject({ checked: 3, mismatched: 1 });
  expect(after.grid).toMatchObject({ disputes: [], faults: [{ verifier: first.key, count: 1 }] });
});
