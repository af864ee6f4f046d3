import { fingerprintBytes } from '#protocol/checks/fingerprint.ts';
import type { ContributorMessage, FrameHead } from '#protocol/messages/control.ts';
import type { Lease } from '#protocol/records/records.ts';
import { why } from '#protocol/values/reason.ts';
import { FAKE_TAPS, FAKE_UNIT_BYTES } from './fake-model.ts';
import { fakeSign } from './fake-signature.ts';
import type { Random } from './random.ts';

/**
 * What a liar of the simulated grid does: falsify what it computed, or break the order of messages.
 */
export const LIES = [
  'flip',
  'garbage',
  'zeros',
  'nan',
  'stale',
  'prior',
  /** Commits and reveals only half of the time. */
  'silent',
  /** Gives the lease back once its commitment is logged. */
  'withdraw',
  /** Opens its commitment with another salt. */
  'salt',
  /** Commits a second time, to something else. */
  'twice',
  /** Commits to what somebody else committed to. */
  'copy',
  /** Reveals one unit less. */
  'short',
  /** Computes its outputs and makes its fingerprints up, where there are any. */
  'forged',
  /** Says of every shard that its first unit fails. */
  'alarm',
  /** Answers bad items as it answers good ones. */
  'blind',
] as const;
export type Lie = (typeof LIES)[number];

/** What liars see and remember; `overheard` is shared by a whole grid. */
export interface LiarMemory {
  overheard: { commitment?: Extract<ContributorMessage, { type: 'commit' }>['commitment'] };
  first?: Uint8Array;
  newest?: Uint8Array;
}

/** The outputs of one unit as a liar gives them out. */
export function lieAboutUnit(
  lie: Lie | undefined,
  truth: Uint8Array<ArrayBuffer>,
  { random, memory }: { random: Random; memory: LiarMemory },
): Uint8Array {
  const { first = truth, newest = truth } = memory;
  memory.newest = truth;
  memory.first ??= truth;
  switch (lie) {
    case 'flip':
      return truth.map((byte, at) => (at === 0 && random.chance(0.5) ? byte ^ 1 : byte));
    case 'garbage':
      return truth.map(() => random.between(0, 256));
    case 'zeros':
      return new Uint8Array(FAKE_UNIT_BYTES);
    case 'nan':
      return truth.map((byte, at) => [0, 0, 0xc0, 0x7f][at] ?? byte);
    case 'stale':
      return newest;
    case 'prior':
      return first;
    default:
      return truth;
  }
}

/** What goes out in place of a message. */
export function lieAboutMessage(
  lie: Lie | undefined,
  message: ContributorMessage,
  device: {
    key: Parameters<typeof fakeSign>[0];
    random: Random;
    memory: LiarMemory;
    leases: readonly Lease[];
  },
): ContributorMessage[] {
  if (message.type !== 'commit') return [message];
  if (lie === 'alarm') {
    const unit = device.leases.find(({ id }) => id === message.lease)?.firstUnit ?? 0;
    const refusal = { code: 'device-memory', message: 'out of memory' } as const;
    return [{ type: 'unit-failed', lease: message.lease, unit, units: 1, refusal }];
  }
  const { key, random, memory } = device;
  const { overheard } = memory;
  const resign = (commitment: typeof message.commitment): ContributorMessage => {
    const signature = fakeSign(key, 'commitment', {
      lease: message.lease,
      device: key,
      commitment,
    });
    return { ...message, commitment, signature };
  };
  if (lie === 'copy') return [resign(overheard.commitment ?? message.commitment)];
  overheard.commitment = message.commitment;
  const another = random.nonce() as string as typeof message.commitment;
  return lie === 'twice' ? [message, resign(another)] : [message];
}

/** What goes out in place of a frame. */
export function lieAboutFrame(
  lie: Lie | undefined,
  frame: { head: FrameHead; payload: Uint8Array },
  random: Random,
): { head: FrameHead; payload: Uint8Array } | ContributorMessage | undefined {
  const { head, payload } = frame;
  if (head.type !== 'reveal') return frame;
  switch (lie) {
    case 'silent':
      return random.chance(0.5) ? frame : undefined;
    case 'withdraw':
      return { type: 'give-back', lease: head.reveal.lease, reason: why('stopped', {}) };
    case 'salt':
      return { head: { ...head, reveal: { ...head.reveal, salt: random.nonce() } }, payload };
    case 'short':
      return { head, payload: payload.subarray(FAKE_UNIT_BYTES) };
    case 'forged':
      return { head, payload: forgeFingerprints(head.reveal.taps, payload) };
    default:
      return frame;
  }
}

/**
 * Without taps there is nothing to make up. Every fingerprint is changed in the last half of its
 * last tap.
 */
function forgeFingerprints(taps: unknown, payload: Uint8Array): Uint8Array {
  if (taps === undefined) return payload;
  const size = fingerprintBytes(FAKE_TAPS.length);
  const units = payload.length / (FAKE_UNIT_BYTES + size);
  return payload.map((byte, at) => {
    const behind = at - units * FAKE_UNIT_BYTES;
    return behind >= 0 && behind % size === size - 2 ? byte ^ 1 : byte;
  });
}
