import { expect, test } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import type { VerdictPage } from '#protocol/api/api.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Digest, JobId, LeaseId, PublicKey, Signature } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { readVerdicts } from './audit-evidence.ts';

const atOnce = () => Promise.resolve();

const shard = {
  job: 'job_0123456789abcdef' as JobId,
  lease: '1'.repeat(32) as LeaseId,
  device: '2'.repeat(64) as PublicKey,
  firstUnit: 0,
  workBefore: 0,
  unitCost: 1_000,
};
const numbered = (number: number): VerdictPage['verdicts'][number] => {
  const about = { verifier: '3'.repeat(64) as PublicKey, shard, unit: number };
  const verdict = sampleVerdict({ ...about, claimed: '4'.repeat(64) as Digest });
  return { number, signed: { verdict, signature: '5'.repeat(128) as Signature } };
};

/** A hub that shows so many verdicts at each reading of its last page, and withholds the rest. */
function openPages(shown: (reading: number) => number, total: number): HubClient {
  let reading = 0;
  return openClient({
    hub: 'http://hub',
    async send({ url }) {
      const after = Number(new URL(url).searchParams.get('after'));
      const through = shown(reading);
      reading += 1;
      const verdicts = Array.from({ length: through - after }, (_, at) => numbered(after + at + 1));
      const page: VerdictPage = {
        verdicts,
        next: through,
        shown: through,
        withheld: total - through,
      };
      return Response.json(page);
    },
  });
}

test('a reader of all verdicts waits for those that are withheld', async () => {
  const client = openPages((reading) => (reading < 6 ? 2 : 5), 5);
  const found = must(await readVerdicts(client, atOnce));
  expect(found.map(({ verdict }) => verdict.unit)).toEqual([1, 2, 3, 4, 5]);
});

test('a hub that withholds verdicts for longer than a dispute takes is refused', async () => {
  const client = openPages(() => 2, 3);
  expect(await readVerdicts(client, atOnce)).toMatchObject({
    ok: false,
    refusal: { code: 'busy', message: expect.stringContaining('withholds 1 verdicts') },
  });
});
