import { expect, it } from 'vitest';
import { openClient } from './client.ts';
import { openMoneyReader } from './money-reader.ts';

const address = '1'.repeat(32);
const jobId = (number: number) => `job_${number.toString(16).padStart(16, '0')}`;
const job = (number: number, shards: number) => ({
  number,
  id: jobId(number),
  unitPrice: '1',
  escrow: address,
  escrowIndex: number,
  endedAt: 1,
  shards,
});
const shard = (sequence: number, number: number) => ({
  sequence,
  job: jobId(number),
  device: 'a'.repeat(64),
  package: 'b'.repeat(64),
  unitCount: 1,
  workBefore: 0,
  unitCost: 1_000,
});

/** A hub of three ended jobs with two shards each, told page by page; one call fails once. */
function fakeHub(failing: string) {
  const asked: string[] = [];
  const jobs = [job(1, 2), job(2, 2), job(3, 2)];
  let fails = true;
  const answer = (path: string): unknown => {
    const after = Number(/(?:after|from)=(\d+)/.exec(path)?.[1]);
    const id = /jobs\/(job_\w+)/.exec(path)?.[1];
    if (id !== undefined) {
      const number = Number.parseInt(id.slice(4), 16);
      const shards = [shard(10 * number, number), shard(10 * number + 1, number)];
      const found = shards.filter(({ sequence }) => sequence >= after).slice(0, 1);
      return { shards: found, next: found[0] === undefined ? after : found[0].sequence + 1 };
    }
    if (path.includes('/jobs?')) {
      const found = jobs.slice(after, after + 1);
      return { jobs: found, next: after + found.length };
    }
    const list = /log\/(\w+)/.exec(path)?.[1] ?? '';
    return { [list]: [], next: after };
  };
  const client = openClient({
    hub: 'http://hub',
    retries: 0,
    async send({ url }) {
      const path = url.slice('http://hub'.length);
      asked.push(path);
      if (fails && path.includes(failing)) {
        fails = false;
        throw new TypeError('fetch failed', {
          cause: Object.assign(new Error(), { code: 'ECUT' }),
        });
      }
      return Response.json(answer(path));
    },
  });
  return { client, asked };
}

it.each(['jobs?after=0', `${jobId(2)}/shards?from=21`, 'jobs?after=2', 'payouts', 'bans'])(
  'reads each fact once, though the line is cut at %s',
  async (failing) => {
    const { client, asked } = fakeHub(failing);
    const reader = openMoneyReader(client);
    await expect(reader.read()).rejects.toThrow('ECUT');
    const facts = await reader.read();
    expect(facts.jobs.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(facts.shards.map(({ sequence }) => sequence)).toEqual([10, 11, 20, 21, 30, 31]);
    asked.length = 0;
    expect(await reader.read()).toEqual(facts);
    expect(asked.filter((path) => path.includes('/shards'))).toEqual([]);
  },
);
