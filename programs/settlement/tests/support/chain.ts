import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FailedTransactionMetadata, FeatureSet, LiteSVM, type TransactionMetadata } from 'litesvm';
import { decodeBase58, encodeBase58 } from '#protocol/bytes/base58.ts';
import { bytesToHex, sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import { PROGRAMS } from '#protocol/settlement/addresses.ts';
import { isSameKey, type Key } from '#protocol/settlement/layout.ts';
import {
  encodeMessage,
  type Instruction,
  TRANSACTION_BYTES_MAX,
  transactionBytes,
} from '#protocol/settlement/transaction.ts';
import { describeProgramError } from '#protocol/values/program-errors.ts';

/** A key that signs; the same name has the same one in every run. */
export interface Signer {
  key: Key;
  sign(message: Uint8Array): Uint8Array;
}

export interface Account {
  lamports: bigint;
  owner: Key;
  data: Uint8Array;
}

/** What became of a transaction. `refused` is a code of ours, or what the runtime says. */
export interface Outcome {
  refused: string | undefined;
  units: number;
  bytes: number;
  logs: string[];
}

export const SOL = 1_000_000_000n;
export const START_SECS = 1_800_000_000n;
/** What each signature costs. */
export const SIGNATURE_LAMPORTS = 5_000n;
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export function openSigner(name: string): Signer {
  const seed = sha256(utf8ToBytes(`test key of ${name}`));
  const secret: KeyObject = createPrivateKey({
    key: Buffer.concat([PKCS8, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const der = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return {
    key: new Uint8Array(der.subarray(-32)),
    sign: (message) => new Uint8Array(sign(null, message, secret)),
  };
}

export interface ChainOptions {
  /** Features the cluster has switched on; mainnet's unless said otherwise. */
  features?: 'mainnet' | 'all';
  program?: Uint8Array;
}

export const PROGRAM_ID: Key = openSigner('the settlement program').key;
const committed = readFileSync(process.env['POCKETGRID_PROGRAM'] ?? 'programs/settlement.so');

type Address = Parameters<LiteSVM['getAccount']>[0];
const addressOf = (key: Key) => encodeBase58(key) as Address;

/**
 * The chain's own virtual machine, in this process. It carries packets of any size; here it does
 * not.
 */
export class Chain {
  readonly svm: LiteSVM;
  readonly payer = openSigner('payer');
  #now = START_SECS;

  constructor({ features = 'mainnet', program = committed }: ChainOptions = {}) {
    this.svm = features === 'all' ? openWithAllFeatures() : new LiteSVM();
    this.svm.withTransactionHistory(0n);
    this.svm.addProgram(addressOf(PROGRAM_ID), program);
    this.fund(this.payer.key, 1_000n * SOL);
    this.warp(0n);
  }

  get now(): bigint {
    return this.#now;
  }

  /** Lets time pass. */
  warp(secs: bigint): void {
    this.#now += secs;
    const clock = this.svm.getClock();
    clock.unixTimestamp = this.#now;
    this.svm.setClock(clock);
  }

  fund(key: Key, lamports: bigint): void {
    const before = this.account(key);
    this.put(key, {
      lamports: (before?.lamports ?? 0n) + lamports,
      owner: before?.owner ?? PROGRAMS.system,
      data: before?.data ?? new Uint8Array(),
    });
  }

  put(key: Key, { lamports, owner, data }: Account): void {
    this.svm.setAccount({
      address: addressOf(key),
      data,
      executable: false,
      lamports,
      programAddress: addressOf(owner),
      space: BigInt(data.length),
    } as unknown as Parameters<LiteSVM['setAccount']>[0]);
  }

  account(key: Key): Account | undefined {
    const found = this.svm.getAccount(addressOf(key));
    if (!found.exists) return undefined;
    const owner = decodeBase58(found.programAddress, 32);
    return {
      lamports: found.lamports,
      owner: owner.ok ? owner.value : PROGRAMS.system,
      data: new Uint8Array(found.data),
    };
  }

  lamports(key: Key): bigint {
    return this.svm.getBalance(addressOf(key)) ?? 0n;
  }

  rent(bytes: number): bigint {
    return this.svm.minimumBalanceForRentExemption(BigInt(bytes));
  }

  /** Sends a transaction that `signers` and the payer sign; the payer pays its fee. */
  send(instructions: readonly Instruction[], signers: readonly Signer[] = []): Outcome {
    const blockhash = decodeBase58(this.svm.latestBlockhash(), 32);
    if (!blockhash.ok) throw new Error(blockhash.refusal.message);
    const message = encodeMessage(instructions, {
      payer: this.payer.key,
      blockhash: blockhash.value,
    });
    const bytes = transactionBytes(message);
    if (bytes > TRANSACTION_BYTES_MAX) {
      return { refused: `${bytes} bytes do not fit a packet`, units: 0, bytes, logs: [] };
    }
    const all = [this.payer, ...signers];
    const signatures = message.signers.map((key) => {
      const signer = all.find((each) => isSameKey(each.key, key));
      if (signer === undefined) throw new Error(`nobody signs for ${bytesToHex(key)}`);
      return [addressOf(key), signer.sign(message.bytes)] as const;
    });
    const result = this.svm.sendTransaction({
      messageBytes: message.bytes,
      signatures: Object.fromEntries(signatures),
    } as unknown as Parameters<LiteSVM['sendTransaction']>[0]);
    const failed = result instanceof FailedTransactionMetadata;
    const meta: TransactionMetadata = failed ? result.meta() : result;
    return {
      refused: failed ? describeFailure(result) : undefined,
      units: Number(meta.computeUnitsConsumed()),
      bytes,
      logs: meta.logs(),
    };
  }
}

function openWithAllFeatures(): LiteSVM {
  const lamports = 1_000_000n * SOL;
  return LiteSVM.default()
    .withFeatureSet(FeatureSet.allEnabled())
    .withBuiltins()
    .withLamports(lamports)
    .withSysvars()
    .withPrecompiles()
    .withDefaultPrograms()
    .withSigverify(true)
    .withBlockhashCheck(true);
}

function describeFailure(failed: FailedTransactionMetadata): string {
  const error = failed.err();
  const inner =
    typeof error === 'object' && 'err' in error && typeof error.err === 'function'
      ? error.err()
      : error;
  if (typeof inner === 'object' && 'code' in inner && typeof inner.code === 'number') {
    const known = describeProgramError(inner.code);
    // What a program that ours called says no to, ours hands on as its own: the innermost is told
    // first.
    const first = failed
      .meta()
      .logs()
      .find((line) => / failed: /.test(line));
    const ours = first?.startsWith(`Program ${addressOf(PROGRAM_ID)} `);
    if (known !== undefined && ours) return known.code;
  }
  return failed.toString();
}
