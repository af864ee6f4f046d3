import { createHash } from 'node:crypto';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { DeviceWorld, OpenComputePort } from '../ports.ts';

/**
 * The ways in which a fake cheat lies. All but `silent` falsify outputs before they are committed
 * to;
 * `silent` commits to honest ones and never reveals them.
 */
export const CHEAT_KINDS = [
  /** One byte of the unit inverted. */
  'flip',
  'garbage',
  'zeros',
  /** NaN as its first number. */
  'nan',
  /** The lowest bit of its first number: one unit in the last place of a float. */
  'ulp',
  /** The outputs of the unit before it, or of the newest unit before its shard. */
  'stale',
  /** The same outputs for every unit: those of the first one it ever computed. */
  'prior',
  'silent',
] as const;
export type CheatKind = (typeof CHEAT_KINDS)[number];

/** Quiet NaN as a little-endian f32. */
const NAN_BYTES = [0x00, 0x00, 0xc0, 0x7f];

/** What a liar remembers of units it has seen. */
interface Seen {
  first?: Uint8Array;
  newest?: Uint8Array;
}

/** A unit as this kind of cheat gives it out. Pure but for `random`, uniform in [0, 1). */
export function falsify(
  kind: CheatKind,
  truth: Uint8Array,
  world: { seen: Seen; random: () => number },
): Uint8Array {
  const { seen, random } = world;
  switch (kind) {
    case 'flip':
      return truth.map((byte, at) => (at === 0 ? byte ^ 0xff : byte));
    case 'garbage':
      return truth.map(() => Math.floor(random() * 256));
    case 'zeros':
      return new Uint8Array(truth.length);
    case 'nan':
      return truth.map((byte, at) => NAN_BYTES[at] ?? byte);
    case 'ulp':
      return truth.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
    case 'stale':
      return seen.newest ?? truth;
    case 'prior':
      return seen.first ?? truth;
    case 'silent':
      return truth;
  }
}

/**
 * A fake cheat, for tests of the grid: falsifies this share of the units of each shard before they
 * are committed to. Admission runs hold one unit and stay honest, as a clever cheat's would.
 */
export function fakeCheat(
  cheat: { rate: number; kind: CheatKind; random?: () => number },
  openPort: OpenComputePort,
): OpenComputePort {
  const { rate, kind, random = Math.random } = cheat;
  const seen: Seen = {};
  return changeUnits(openPort, (truth) => {
    const said = random() < rate ? falsify(kind, truth, { seen, random }) : undefined;
    seen.newest = truth;
    seen.first ??= truth;
    return said;
  });
}

/** A device that commits and, in this share of its shards, never reveals. */
export function fakeSilence(
  rate: number,
  openSocket: DeviceWorld['openSocket'],
): DeviceWorld['openSocket'] {
  return (url) => {
    const socket = openSocket(url);
    const send = socket.send.bind(socket);
    socket.send = (data) => {
      if (typeof data === 'string' || Math.random() >= rate) send(data);
    };
    return socket;
  };
}

/**
 * A compute port whose units go through `change` before they are committed to; undefined leaves one
 * as it is. Runs of a single unit are left alone: admission holds those.
 */
function changeUnits(
  openPort: OpenComputePort,
  change: (truth: Uint8Array) => Uint8Array | undefined,
): OpenComputePort {
  return (provider, on) =>
    openPort(provider, {
      ...on,
      reply(reply) {
        const units = reply.type === 'ran' ? reply.digests.length / DIGEST_BYTES : 0;
        if (reply.type === 'ran' && units > 1) {
          const unitBytes = reply.bytes.length / units;
          for (let unit = 0; unit < units; unit += 1) {
            const outputs = reply.bytes.subarray(unit * unitBytes, (unit + 1) * unitBytes);
            const changed = change(outputs.slice());
            if (changed === undefined) continue;
            outputs.set(changed);
            const digest = createHash('sha256').update(outputs).digest();
            reply.digests.set(digest, unit * DIGEST_BYTES);
          }
        }
        on.reply(reply);
      },
    });
}
