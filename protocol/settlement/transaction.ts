import { bytesToHex, concatBytes } from '../bytes/digest.ts';
import type { Key } from './layout.ts';

/** What the cluster's network carries in one packet. */
export const TRANSACTION_BYTES_MAX = 1232;
const SIGNATURE_BYTES = 64;

/** A message of the legacy form, and who has to sign it, the payer first. */
export interface Message {
  bytes: Uint8Array;
  signers: Key[];
}

/**
 * ```text
 * u8 signers | u8 of them read-only | u8 other read-only accounts
 * count, keys: signers first, writable before read-only | blockhash 32
 * count, instructions: u8 program | count, u8 accounts | count, data
 * ```
 * A count takes 7 bits a byte.
 */
export function encodeMessage(
  instructions: readonly Instruction[],
  { payer, blockhash }: { payer: Key; blockhash: Key },
): Message {
  const roles = new Map<string, Meta>([
    [bytesToHex(payer), { key: payer, signer: true, writable: true }],
  ]);
  const note = ({ key, signer, writable }: Meta) => {
    const role = roles.get(bytesToHex(key));
    if (role === undefined) roles.set(bytesToHex(key), { key, signer, writable });
    else
      Object.assign(role, { signer: role.signer || signer, writable: role.writable || writable });
  };
  for (const { program, accounts } of instructions) {
    accounts.forEach(note);
    note({ key: program, signer: false, writable: false });
  }
  const rank = ({ signer, writable }: Meta) => (signer ? 0 : 2) + (writable ? 0 : 1);
  const ordered = [...roles.values()].sort((a, b) => rank(a) - rank(b));
  const places = new Map(ordered.map(({ key }, place) => [bytesToHex(key), place]));
  const placeOf = (key: Key) => places.get(bytesToHex(key)) ?? 0;
  const count = (wanted: number) => ordered.filter((role) => rank(role) === wanted).length;
  const bytes = concatBytes(
    Uint8Array.of(count(0) + count(1), count(1), count(3)),
    encodeCount(ordered.length),
    ...ordered.map(({ key }) => key),
    blockhash,
    encodeCount(instructions.length),
    ...instructions.flatMap(({ program, accounts, data }) => [
      Uint8Array.of(placeOf(program)),
      encodeCount(accounts.length),
      Uint8Array.from(accounts, ({ key }) => placeOf(key)),
      encodeCount(data.length),
      data,
    ]),
  );
  return { bytes, signers: ordered.filter(({ signer }) => signer).map(({ key }) => key) };
}

/** How many bytes the signed transaction has. */
export const transactionBytes = ({ bytes, signers }: Message): number =>
  encodeCount(signers.length).length + signers.length * SIGNATURE_BYTES + bytes.length;

/** The transaction a cluster takes; `signatures` in the order of the message's signers. */
export const encodeTransaction = (
  message: Message,
  signatures: readonly Uint8Array[],
): Uint8Array => concatBytes(encodeCount(signatures.length), ...signatures, message.bytes);

function encodeCount(count: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = count; ; rest >>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** One account of an instruction, and how it is used. */
export interface Meta {
  key: Key;
  signer: boolean;
  writable: boolean;
}

/** An instruction of a Solana transaction. */
export interface Instruction {
  program: Key;
  accounts: Meta[];
  data: Uint8Array;
}
