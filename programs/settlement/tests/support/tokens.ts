import { associatedAccount, PROGRAMS } from '#protocol/settlement/addresses.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import { type Chain, openSigner } from './chain.ts';

/**
 * Accounts of the classic token program, written straight into the chain: a mint and whoever holds
 * it.
 */
export const MINT = openSigner('mint').key;
export const DECIMALS = 6;
const MINT_BYTES = 82;
export const TOKEN_BYTES = 165;

/** u32 1, key authority | u64 supply | u8 decimals | u8 1 initialized | no freezing */
export function putMint(chain: Chain, mint = MINT): void {
  const data = new Uint8Array(MINT_BYTES);
  const view = new DataView(data.buffer);
  view.setBigUint64(36, 10n ** 18n, true);
  data[44] = DECIMALS;
  data[45] = 1;
  chain.put(mint, { lamports: chain.rent(MINT_BYTES), owner: PROGRAMS.token, data });
}

/** key mint | key owner | u64 amount | no delegate | u8 1 initialized | ... */
export function putTokens(chain: Chain, owner: Key, amount: bigint): Key {
  const { key } = associatedAccount(owner, MINT);
  const data = new Uint8Array(TOKEN_BYTES);
  data.set(MINT, 0);
  data.set(owner, 32);
  new DataView(data.buffer).setBigUint64(64, amount, true);
  data[108] = 1;
  chain.put(key, { lamports: chain.rent(TOKEN_BYTES), owner: PROGRAMS.token, data });
  return key;
}

export function tokensOf(chain: Chain, key: Key): bigint {
  const data = chain.account(key)?.data;
  if (data === undefined || data.length < TOKEN_BYTES) return 0n;
  return new DataView(data.buffer, data.byteOffset).getBigUint64(64, true);
}
