import { expect, test } from 'vitest';
import { openClient } from '#client/client.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { readSettled } from './look.ts';

const DEVICE = 'ab'.repeat(32) as PublicKey;
const ADDRESS = '1'.repeat(32);
const DIGEST = 'cd'.repeat(32);
const SETTLED: Record<number, string> = { 3: '9007199254740993', 8: '5' };

/** A hub whose verifier has settled a period, or none, for a device with two payouts. */
function openFakeHub({ periods = 1 } = {}) {
  const payout = (index: number) => ({
    ...{ index, signature: 'ef'.repeat(64), at: 1 },
    record: { device: DEVICE, recipient: ADDRESS, at: 1 },
  });
  const file = {
    ...{ dataHash: DIGEST, period: 1, through: 1, total: '10', claims: 9, spends: 0, length: 1 },
    ...{ verifier: DEVICE, at: 1 },
  };
  const answer = ({ pathname, searchParams }: URL): unknown => {
    if (pathname === `/v1/devices/${DEVICE}/pay`) {
      // As the hub's routes take it.
      if (!/^\d{1,15}$/.test(searchParams.get('from') ?? '')) return undefined;
      const lists = { jobs: [], shards: [], bans: [], closings: [], next: 0 };
      return { ...lists, payouts: [payout(3), payout(8)] };
    }
    if (pathname === '/v1/settlements') return { settlements: periods === 0 ? [] : [file] };
    const index = Number(/\/claims\/(\d+)$/.exec(pathname)?.[1]);
    return {
      ...{ index, recipient: ADDRESS, cumulative: SETTLED[index] ?? '0', proof: '' },
      ...{ root: DIGEST, total: '10', leafCount: 9 },
    };
  };
  return openClient({
    hub: 'http://hub.test',
    send: async (request) => {
      const body = answer(new URL(request.url));
      return body === undefined ? new Response('{}', { status: 400 }) : Response.json(body);
    },
  });
}

test('what is settled for a device is summed over its payouts', async () => {
  expect(await readSettled(openFakeHub(), DEVICE)).toBe('9007199254740998');
});

test('before the first settlement nothing is known to be settled', async () => {
  expect(await readSettled(openFakeHub({ periods: 0 }), DEVICE)).toBeUndefined();
});
