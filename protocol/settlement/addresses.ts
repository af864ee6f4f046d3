import { ed25519 } from '@noble/curves/ed25519.js';
import { encodeBase58 } from '../bytes/base58.ts';
import { concatBytes, sha256, utf8ToBytes } from '../bytes/digest.ts';
import { encode, type Key, keyOf, u32, u64 } from './layout.ts';
import type { Address } from './money-api.ts';

/** Programs and sysvars of the cluster. */
export const PROGRAMS = {
  system: keyOf('11111111111111111111111111111111'),
  token: keyOf('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'),
  associatedToken: keyOf('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'),
  ed25519: keyOf('Ed25519SigVerify111111111111111111111111111'),
  instructions: keyOf('Sysvar1nstructions1111111111111111111111111'),
} as const;

/** Where the settlement program is on every development chain. Nobody has a key to this address. */
export const LOCAL_PROGRAM = encodeBase58(
  sha256(utf8ToBytes('pocketgrid settlement program, local chain')),
) as Address;

/** An address of the program and its bump. */
export interface Derived {
  key: Key;
  bump: number;
}

const MARKER = utf8ToBytes('ProgramDerivedAddress');

/** The address that seeds derive, with the largest bump that leaves it off the curve. */
export function deriveAddress(program: Key, seeds: readonly Uint8Array[]): Derived {
  for (let bump = 255; bump >= 0; bump -= 1) {
    const key = sha256(concatBytes(...seeds, Uint8Array.of(bump), program, MARKER));
    if (!isOnCurve(key)) return { key, bump };
  }
  throw new RangeError('these seeds derive no address');
}

function isOnCurve(key: Key): boolean {
  try {
    ed25519.Point.fromBytes(key, true);
    return true;
  } catch {
    return false;
  }
}

/** Addresses of the settlement program's accounts. */
export const addressesOf = (program: Key) => {
  const derive = (name: string, ...seeds: Uint8Array[]) =>
    deriveAddress(program, [utf8ToBytes(name), ...seeds]).key;
  return {
    config: (admin: Key) => derive('cfg', admin),
    verifierSet: (config: Key, setId: number) => derive('vset', config, encode(u32, setId)),
    bond: (config: Key, verifier: Key) => derive('bond', config, verifier),
    /** `mint` is 32 zero bytes for SOL. */
    pool: (config: Key, mint: Key) => derive('pool', config, mint),
    escrow: (pool: Key, poster: Key, nonce: bigint) =>
      derive('esc', pool, poster, encode(u64, nonce)),
    page: (pool: Key, pageNo: number) => derive('page', pool, encode(u32, pageNo)),
    vault: (owner: Key) => derive('vault', owner),
  };
};

/** Where a wallet keeps tokens of one mint. */
export const associatedAccount = (wallet: Key, mint: Key): Derived =>
  deriveAddress(PROGRAMS.associatedToken, [wallet, PROGRAMS.token, mint]);
