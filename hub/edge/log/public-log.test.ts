import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { verify } from '#node/verify.ts';
import type { JobView } from '#protocol/api/job.ts';
import { bytesToHex, hexToBytes } from '#protocol/bytes/digest.ts';
import { inclusionRoot } from '#protocol/bytes/merkle-log.ts';
import { checkConsistency } from '#protocol/bytes/sample-consistency.ts';
import {
  hashEntry,
  LogConsistency,
  LogEntryPage,
  LogInclusion,
  ShardPage,
} from '#protocol/records/public-log.ts';
import { SignedTreeHead } from '#protocol/records/records.ts';
import { makeFakeKey } from '../sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from '../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../test-hub.ts';

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));

/** A device has computed a job. */
beforeAll(async () => {
  const job = (await (await postFakeJob(hub, { units: 10, autoStart: true })).json()) as JobView;
  await prepareFakeJob(hub.url, verifierKey);
  await computeFakeJob(hub, { job, who: makeFakeKey() });
});

/** What anyone is told, read with the schema of `protocol/records/public-log.ts`. */
async function askLog<T extends v.GenericSchema>(schema: T, path: string) {
  const answer = await fetch(`${hub.url}/v1/log/${path}`);
  return v.parse(schema, await answer.json());
}

describe('the public log', () => {
  // privacy: public-record
  it('shows everyone its signed head, its entries and proofs, and accepted shards', async () => {
    const { head, signature } = await askLog(SignedTreeHead, 'head');
    expect(verify({ key: hub.hub, context: 'tree-head', record: head, signature })).toBe(true);
    const { commitments, next } = await askLog(LogEntryPage, 'entries');
    expect([commitments.length, next]).toEqual([head.size, head.size]);
    for (const { entry } of commitments) {
      const found = await askLog(LogInclusion, `inclusion?index=${entry.index}&size=${head.size}`);
      const root = inclusionRoot(hashEntry(entry), found, found.path.map(hexToBytes));
      expect(root === undefined ? '' : bytesToHex(root)).toBe(head.root);
    }
    const { path } = await askLog(LogConsistency, `consistency?from=1&to=${head.size}`);
    const [first] = commitments;
    if (first === undefined) throw new Error('no entry');
    const older = { size: 1, root: hashEntry(first.entry) };
    const newer = { size: head.size, root: hexToBytes(head.root) };
    expect(checkConsistency(older, newer, path.map(hexToBytes))).toBe(true);
    const page = await askLog(ShardPage, 'shards?limit=1');
    expect(page).toMatchObject({ shards: [{ voided: false }], next: 1 });
    const past = await askLog(ShardPage, 'shards?from=1000');
    expect(past).toEqual({ shards: [], next: 1000 });
  });

  it.each([
    ['inclusion?index=999', 404, 'not-found'],
    ['inclusion?index=0&size=999', 416, 'range-invalid'],
    ['consistency?from=5&to=2', 416, 'range-invalid'],
    ['consistency?from=x', 400, 'request-invalid'],
    ['shards?limit=101', 400, 'request-invalid'],
    ['entries?limit=1001', 400, 'request-invalid'],
  ])('refuses %s', async (path, status, code) => {
    const answer = await fetch(`${hub.url}/v1/log/${path}`);
    expect(await refusalOf(answer)).toEqual({ status, code });
  });
});
