import type { Key } from '#protocol/settlement/layout.ts';
import type { Address, ChainView } from '#protocol/settlement/money-api.ts';
import type { Message } from '#protocol/settlement/transaction.ts';

/** What signs for an address: a key of this browser, or a wallet the person has installed. */
export interface Wallet {
  /** `here`: its key is in this browser. */
  kind: 'here' | 'installed';
  name: string;
  address: Address;
  key: Key;
  /** The whole transaction, signed. */
  sign(message: Message, chain: ChainView): Promise<Uint8Array>;
}
