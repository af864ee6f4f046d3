import { beforeEach, describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes, sha256 } from '#protocol/bytes/digest.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import type { EpochRecord } from '#protocol/records/epoch.ts';
import type { Digest, Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import {
  type Bench,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  SIGNED,
  startJob,
  VERIFIER,
} from '../fake-world.ts';
import { selectFacts } from '../state/fact-lists.ts';

const SECOND = 'b2'.repeat(32) as PublicKey;
const seedOf = (epoch: number) => epoch.toString(16).padStart(64, '0') as Nonce;
const opened = (epoch: number, from: number, verifier = VERIFIER): EpochRecord => ({
  type: 'opened',
  verifier,
  epoch,
  commitment: bytesToHex(sha256(hexToBytes(seedOf(epoch)))) as Digest,
  from,
  reviewFrom: 1,
  policy: CHECK_POLICY_DEFAULT,
  at: instant(5),
});
const revealed = (epoch: number, through: number, seed = seedOf(epoch)): EpochRecord => ({
  type: 'revealed',
  verifier: VERIFIER,
  epoch,
  seed,
  through,
  reviewThrough: 0,
  at: instant(6),
});

const lost = (epoch: number): EpochRecord => ({
  type: 'lost',
  verifier: VERIFIER,
  epoch,
  at: instant(7),
});

let bench: Bench;
let socket = 1;
beforeEach(() => {
  // Three shards are accepted, with the sequences 0 to 2.
  bench = openBench({ verifiers: [VERIFIER, SECOND] });
  socket = 1;
  startJob(bench, 5_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 10 });
  for (let shard = 0; shard < 3; shard += 1) {
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
});

/** Says a record; the fake world holds every signature for right but zeros. */
function say(record: EpochRecord, signature: Signature = SIGNED): string {
  const before = bench.sent.get(socket)?.length ?? 0;
  bench.say(socket, { type: 'epoch', signed: { record, signature } });
  const [answer] = (bench.sent.get(socket) ?? [])
    .slice(before)
    .filter(({ type }) => type === 'epoch-logged' || type === 'declined');
  if (answer?.type === 'declined') return answer.code;
  return answer?.type === 'epoch-logged' ? `${answer.record} ${answer.epoch}` : 'no answer';
}
const facts = () => selectFacts(bench.facts)('epoch').map(({ signed }) => signed.record);

describe('an epoch of a verifier', () => {
  test('is acknowledged once it is a fact, opened and revealed, and any number of times', () => {
    expect(say(opened(1, 0))).toBe('opened 1');
    expect(say(opened(1, 0))).toBe('opened 1');
    expect(say(revealed(1, 1))).toBe('revealed 1');
    expect(say(opened(2, 2))).toBe('opened 2');
    expect(say(revealed(1, 1))).toBe('revealed 1');
    expect(facts()).toEqual([opened(1, 0), revealed(1, 1), opened(2, 2)]);
  });

  test('may be opened before the seed of the one before is told', () => {
    expect(say(opened(1, 0))).toBe('opened 1');
    expect(say(opened(2, 2))).toBe('opened 2');
    expect(say(revealed(1, 2))).toBe('epoch-order');
    expect(say(revealed(1, 1))).toBe('revealed 1');
  });

  test('is never opened or revealed a second time in another way', () => {
    say(opened(1, 0));
    expect(say({ ...opened(1, 0), at: instant(9) })).toBe('epoch-duplicate');
    say(revealed(1, 1));
    expect(say(revealed(1, 2))).toBe('epoch-duplicate');
    expect(facts()).toHaveLength(2);
  });

  test.each([
    { what: 'skips a number', record: opened(3, 2), code: 'epoch-order' },
    { what: 'begins where the one before draws', record: opened(2, 1), code: 'epoch-order' },
    { what: 'reveals what was never opened', record: revealed(2, 2), code: 'epoch-order' },
    { what: 'begins with number 0 again', record: opened(0, 2), code: 'epoch-duplicate' },
    { what: 'is of another verifier', record: opened(2, 2, SECOND), code: 'signature-wrong' },
  ])('is refused that $what', ({ record, code }) => {
    say(opened(1, 0));
    say(revealed(1, 1));
    expect(say(record)).toBe(code);
    expect(facts()).toHaveLength(2);
  });

  test.each([
    { what: 'has another seed', record: revealed(1, 1, seedOf(9)), code: 'epoch-seed' },
    { what: 'ends before it begins', record: revealed(1, -1), code: 'epoch-order' },
    { what: 'draws what is not there yet', record: revealed(1, 3), code: 'epoch-order' },
  ])('is refused whose reveal $what', ({ record, code }) => {
    say(opened(1, 1));
    expect(say(record)).toBe(code);
  });

  test('may draw again what epochs drew whose seeds are lost, and nothing else', () => {
    say(opened(1, 0));
    say(revealed(1, 0));
    for (const epoch of [2, 3]) say(opened(epoch, epoch - 1));
    expect(say(opened(4, 1))).toBe('epoch-order');
    for (const epoch of [2, 3]) say(lost(epoch));
    expect(say(opened(4, 0))).toBe('epoch-order');
    expect(say(opened(4, 1))).toBe('opened 4');
  });

  test('whose seed is lost is told no more, and the next one begins', () => {
    say(opened(1, 0));
    expect(say(lost(2))).toBe('epoch-order');
    expect(say(lost(1))).toBe('lost 1');
    expect(say(lost(1))).toBe('lost 1');
    expect(say(revealed(1, 1))).toBe('epoch-duplicate');
    expect(say(opened(2, 2))).toBe('opened 2');
    say(revealed(2, 2));
    expect(say(lost(2))).toBe('epoch-duplicate');
  });

  test('is named in the welcome of its verifier, for the case that its disk is gone', () => {
    bench.join(1, VERIFIER, 'verifier');
    expect(bench.last(1, 'welcome')?.book).toBeUndefined();
    say(opened(1, 0));
    say(opened(2, 2));
    say(lost(1));
    bench.restart();
    bench.join(1, VERIFIER, 'verifier');
    expect(bench.last(1, 'welcome')?.book).toEqual({ lastEpoch: 2, open: [2], judged: -1 });
  });

  test('that is badly signed is refused', () => {
    expect(say(opened(1, 0), '0'.repeat(128) as Signature)).toBe('signature-wrong');
  });

  test('is the verifier’s own: another counts from 1', () => {
    say(opened(1, 0));
    socket = 11;
    bench.join(11, SECOND, 'verifier');
    expect(say(opened(1, 0, SECOND))).toBe('opened 1');
  });

  test('is known after a restart', () => {
    say(opened(1, 0));
    say(revealed(1, 1));
    say(opened(2, 2));
    bench.restart();
    bench.join(1, VERIFIER, 'verifier');
    expect(say(opened(2, 2))).toBe('opened 2');
    expect(say(revealed(1, 1))).toBe('revealed 1');
    expect(say(opened(2, 3))).toBe('epoch-duplicate');
    expect(say(revealed(2, 2))).toBe('revealed 2');
  });

  test('on its way to a full disk is acknowledged when it is written', () => {
    bench.fillDisk(true);
    expect(bench.last(1, 'refused')?.code).toBe('disk-full');
    bench.join(1, VERIFIER, 'verifier');
    expect(bench.hub().verifiers.size).toBe(0);
    bench.fillDisk(false);
    bench.join(1, VERIFIER, 'verifier');
    expect(say(opened(1, 0))).toBe('opened 1');
  });

  test('keeps a bound: no more than 64 may be open, and of those that ended 64 are known', () => {
    for (let epoch = 1; epoch <= 64; epoch += 1) expect(say(opened(epoch, 2))).toContain('opened');
    expect(say(opened(65, 2))).toBe('epoch-order');
    for (let epoch = 1; epoch <= 64; epoch += 1)
      expect(say(revealed(epoch, 1))).toContain('revealed');
    for (let epoch = 65; epoch <= 300; epoch += 1) {
      say(opened(epoch, 2));
      say(revealed(epoch, 1));
    }
    expect(bench.hub().epochs.get(VERIFIER)?.size).toBe(64);
    expect(say(opened(1, 2))).toBe('epoch-duplicate');
  });
});
