import { getCompiledTransactionMessageDecoder, getTransactionDecoder } from '@solana/kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase58 } from '../bytes/base58.ts';
import { sha256 } from '../bytes/digest.ts';
import {
  encodeMessage,
  encodeTransaction,
  type Instruction,
  transactionBytes,
} from './transaction.ts';

const keyOf = (number: number) => sha256(Uint8Array.of(number));
// Of few keys, so that one is named in several roles.
const key = fc.nat({ max: 20 }).map(keyOf);
const instruction: fc.Arbitrary<Instruction> = fc.record({
  program: fc.integer({ min: 100, max: 103 }).map(keyOf),
  accounts: fc.array(fc.record({ key, signer: fc.boolean(), writable: fc.boolean() }), {
    maxLength: 10,
  }),
  data: fc.uint8Array({ maxLength: 300 }),
});
const drawn = fc.record({
  instructions: fc.array(instruction, { minLength: 1, maxLength: 4 }),
  payer: key,
});
const BLOCKHASH = keyOf(255);
const name = (bytes: Uint8Array) => encodeBase58(bytes);

describe('a transaction, as the decoder of kit reads it', () => {
  it('says what the instructions say', () => {
    fc.assert(
      fc.property(drawn, ({ instructions, payer }) => {
        const message = encodeMessage(instructions, { payer, blockhash: BLOCKHASH });
        const read = getCompiledTransactionMessageDecoder().decode(message.bytes);
        if (read.version !== 'legacy') throw new Error('it is of the legacy form');
        const { staticAccounts: accounts, header } = read;
        expect(read.lifetimeToken).toBe(name(BLOCKHASH));
        expect(accounts[0]).toBe(name(payer));
        expect(new Set(accounts).size).toBe(accounts.length);
        const told = read.instructions.map(({ programAddressIndex, accountIndices, data }) => ({
          program: accounts[programAddressIndex],
          accounts: (accountIndices ?? []).map((at) => accounts[at]),
          data: new Uint8Array(data ?? []),
        }));
        expect(told).toEqual(
          instructions.map((each) => ({
            program: name(each.program),
            accounts: each.accounts.map((meta) => name(meta.key)),
            data: each.data,
          })),
        );
        const { numSignerAccounts: signers, numReadonlySignerAccounts: readSigners } = header;
        const others = accounts.length - header.numReadonlyNonSignerAccounts;
        const metas = [
          { key: payer, signer: true, writable: true },
          ...instructions.flatMap((each) => each.accounts),
        ];
        for (const [at, account] of accounts.entries()) {
          const named = metas.filter((meta) => name(meta.key) === account);
          const isWritable = at < signers ? at < signers - readSigners : at < others;
          expect(at < signers).toBe(named.some(({ signer }) => signer));
          expect(isWritable).toBe(named.some(({ writable }) => writable));
        }
        expect(message.signers.map(name)).toEqual(accounts.slice(0, signers));
      }),
    );
  });

  it('is as long as it says, with a signature for each signer', () => {
    fc.assert(
      fc.property(drawn, ({ instructions, payer }) => {
        const message = encodeMessage(instructions, { payer, blockhash: BLOCKHASH });
        const signatures = message.signers.map((_, at) => new Uint8Array(64).fill(at + 1));
        const bytes = encodeTransaction(message, signatures);
        expect(bytes).toHaveLength(transactionBytes(message));
        const read = getTransactionDecoder().decode(bytes);
        expect(new Uint8Array(read.messageBytes)).toEqual(message.bytes);
        expect(
          Object.entries(read.signatures).map(([signer, each]) => [
            signer,
            new Uint8Array(each ?? []),
          ]),
        ).toEqual(message.signers.map((signer, at) => [name(signer), signatures[at]]));
      }),
    );
  });
});
