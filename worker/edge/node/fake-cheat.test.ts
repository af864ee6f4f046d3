import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ComputeReply } from '#protocol/messages/compute.ts';
import { millis } from '#protocol/values/units.ts';
import type { OpenComputePort } from '../ports.ts';
import { CHEAT_KINDS, type CheatKind, fakeCheat } from './fake-cheat.ts';

const UNIT = 8;
const TRUTH = Uint8Array.from({ length: 4 * UNIT }, (_, at) => at + 1);
const digestOf = (data: Uint8Array) => createHash('sha256').update(data).digest();

/** What a cheat makes of `units` honest units. */
function cheatOn(kind: CheatKind, units: number, rate = 1) {
  const bytes = TRUTH.slice(0, units * UNIT);
  const digests = new Uint8Array(
    Buffer.concat(
      Array.from({ length: units }, (_, at) =>
        digestOf(bytes.subarray(at * UNIT, (at + 1) * UNIT)),
      ),
    ),
  );
  const ran: ComputeReply = {
    type: 'ran',
    run: 1,
    bytes,
    digests,
    outputs: [],
    computeMs: millis(1),
  };
  const openPort: OpenComputePort = (_, on) => ({
    post: () => on.reply(ran),
    terminate: () => undefined,
  });
  const port = fakeCheat({ rate, kind, random: () => 0.5 }, openPort)('wasm', {
    reply: () => undefined,
    broken: () => undefined,
  });
  port.post({ type: 'run', run: 1, unitCount: units, inputs: new Uint8Array() }, []);
  return { bytes, digests };
}

describe('the fake cheat', () => {
  const lying = CHEAT_KINDS.filter((kind) => kind !== 'silent');

  it.each(lying)('%s: commits to what it falsified', (kind) => {
    const { bytes, digests } = cheatOn(kind, 4);
    expect(bytes).not.toEqual(TRUTH);
    const last = bytes.subarray(3 * UNIT);
    expect(Buffer.from(last).equals(Buffer.from(TRUTH.subarray(3 * UNIT)))).toBe(false);
    expect(Buffer.from(digests.subarray(96))).toEqual(digestOf(last));
  });

  it.each(CHEAT_KINDS)('%s: is honest in admission, and at a rate of zero', (kind) => {
    expect(cheatOn(kind, 1).bytes).toEqual(TRUTH.slice(0, UNIT));
    expect(cheatOn(kind, 4, 0).bytes).toEqual(TRUTH);
  });

  it('stale gives the unit before, prior the first of all', () => {
    expect(cheatOn('stale', 4).bytes.slice(2 * UNIT, 3 * UNIT)).toEqual(
      TRUTH.slice(UNIT, 2 * UNIT),
    );
    expect(cheatOn('prior', 4).bytes.slice(3 * UNIT)).toEqual(TRUTH.slice(0, UNIT));
  });
});
