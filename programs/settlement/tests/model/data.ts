import fc from 'fast-check';
import { TAGS } from '#protocol/settlement/instructions.ts';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import { PROGRAM_ID } from '../support/chain.ts';
import type { World } from '../support/world.ts';
import type { Case, Name } from './cases.ts';
import { send } from './swaps.ts';

/** One change of instruction data; positions are taken modulo its length. */
type Change =
  | { type: 'bit' | 'extreme32' | 'extreme64' | 'byte'; at: number; value: number }
  | { type: 'cut'; at: number }
  | { type: 'longer'; bytes: Uint8Array };

const at = fc.nat({ max: 4095 });
const value = fc.nat({ max: 255 });
export const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      'bit' as const,
      'byte' as const,
      'extreme32' as const,
      'extreme64' as const,
    ),
    at,
    value,
  }),
  fc.record({ type: fc.constant('cut' as const), at }),
  fc.record({
    type: fc.constant('longer' as const),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
  }),
);

const EXTREMES = [0n, 1n, 2n, U64_MAX, U64_MAX - 1n, 1n << 63n, (1n << 32n) - 1n] as const;

export function changeData(data: Uint8Array, change: Change): Uint8Array {
  if (change.type === 'cut') return data.slice(0, change.at % data.length);
  if (change.type === 'longer') return Uint8Array.of(...data, ...change.bytes);
  const bytes = data.slice();
  const place = change.at % data.length;
  const view = new DataView(bytes.buffer);
  const extreme = EXTREMES[change.value % EXTREMES.length] ?? 0n;
  switch (change.type) {
    case 'bit':
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (change.value % 8));
      break;
    case 'byte':
      bytes[place] = change.value;
      break;
    case 'extreme32':
      if (data.length >= 4)
        view.setUint32(Math.min(place, data.length - 4), Number(extreme & 0xffffffffn), true);
      break;
    case 'extreme64':
      if (data.length >= 8) view.setBigUint64(Math.min(place, data.length - 8), extreme, true);
      break;
  }
  return bytes;
}

/**
 * Bytes of data that may be anything the instruction's own rules allow: nothing else speaks of
 * them.
 */
const FREE: Partial<Record<Name, [from: number, to: number]>> = {
  initConfig: [1, 139],
  newVerifierSet: [1, 99],
  bond: [1, 9],
  createPool: [1, 9],
  openEscrow: [9, 17],
  deposit: [1, 9],
  pause: [1, 2],
};
/** The bump of the wallet's token account: not read in a pool of SOL. */
const BUMPS: Partial<Record<Name, [from: number, to: number]>> = {
  claim: [21, 22],
  refund: [1, 2],
};

function mayPass(name: Name, world: World, { from, to }: { from: Uint8Array; to: Uint8Array }) {
  const [start, end] = FREE[name] ?? (world.usesTokens ? undefined : BUMPS[name]) ?? [0, 0];
  const isBeyond = (at: number) => at < start || at >= end;
  return from.length === to.length && from.every((byte, at) => byte === to[at] || !isBeyond(at));
}

/** Fails whatever came before it in the transaction, so that nothing of that stays. */
const poison = { program: PROGRAM_ID, accounts: [], data: Uint8Array.of(255) };

/** Tries other data in a case's place; says what is wrong with what came of it. */
export function tryData(
  world: World,
  name: Name,
  of: Case & { data: Uint8Array },
): string | undefined {
  const made = [...(of.before ?? []), { ...of.made, data: of.data }, poison];
  const told = `${name} with ${Buffer.from(of.data).toString('hex')}`;
  const { refused, wrong } = send(world, { name: told, made, signers: [...(of.signers ?? [])] });
  const isKnown = Object.values(TAGS).includes(of.data[0] ?? 255);
  const hasPassed = refused === 'settlement-instruction-unknown' && isKnown;
  if (!hasPassed || mayPass(name, world, { from: of.made.data, to: of.data })) return wrong;
  return `${told} went through`;
}
