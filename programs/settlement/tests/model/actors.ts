import { bytesToHex, utf8ToBytes } from '#protocol/bytes/digest.ts';
import { associatedAccount, type Derived, deriveAddress } from '#protocol/settlement/addresses.ts';
import { encode, type Key, u32, u64 } from '#protocol/settlement/layout.ts';
import { openSigner, PROGRAM_ID, type Signer } from '../support/chain.ts';
import { SETTINGS } from '../support/world.ts';

/** Who acts in a run, by the names the world gives them, and some who have no part in it. */
const open = (name: string): Signer => openSigner(name);
export const ADMIN = open('admin');
export const GUARDIAN = open('guardian');
export const STRANGER = open('stranger');
export const POSTERS = [open('poster'), open('second poster')] as const;
/** The first three are the first set. */
export const VERIFIERS = Array.from({ length: 5 }, (_, at) => open(`verifier ${at}`));
export const WORKERS = Array.from({ length: 5 }, (_, at) => open(`worker ${at}`));
export const PAYER = open('payer');
export const TREASURY = SETTINGS.treasury;
export const ALL = [PAYER, ADMIN, GUARDIAN, STRANGER, ...POSTERS, ...VERIFIERS, ...WORKERS];
export const NONCES = [0n, 1n, 2n] as const;
export const PAGES = [0, 1] as const;

const known = new Map<string, Derived>();

/** Deriving takes a point on a curve for each bump, and runs ask for the same few addresses. */
function derive(name: string, ...seeds: Uint8Array[]): Derived {
  const id = `${name}/${seeds.map(bytesToHex).join('/')}`;
  const found = known.get(id) ?? deriveAddress(PROGRAM_ID, [utf8ToBytes(name), ...seeds]);
  known.set(id, found);
  return found;
}

export const setAt = (config: Key, setId: number) => derive('vset', config, encode(u32, setId));
export const bondAt = (config: Key, verifier: Key) => derive('bond', config, verifier);
export const escrowAt = (pool: Key, poster: Key, nonce: bigint) =>
  derive('esc', pool, poster, encode(u64, nonce));
export const pageAt = (pool: Key, pageNo: number) => derive('page', pool, encode(u32, pageNo));
export const vaultAt = (owner: Key) => derive('vault', owner);

export function walletAt(owner: Key, mint: Key): Derived {
  const id = `wallet/${bytesToHex(owner)}/${bytesToHex(mint)}`;
  const found = known.get(id) ?? associatedAccount(owner, mint);
  known.set(id, found);
  return found;
}
