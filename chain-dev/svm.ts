import {
  type Address,
  address,
  type EncodedAccount,
  getBase58Decoder,
  getBase58Encoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  lamports,
  type Signature,
  signature,
  type Transaction,
} from '@solana/kit';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';
import type { Called } from './allowed.ts';
import { decodeError, type TransactionError } from './transaction-error.ts';

/** A transaction must fit one packet; the SVM itself does not hold it to that. */
export const TRANSACTION_BYTES_MAX = 1_232;
const LAMPORTS_PER_SIGNATURE = 5_000;
const SLOT_MS = 400;
/** A block hash is good for 150 slots, as on a cluster; a new one every two seconds. */
const BLOCKHASH_MS = { fresh: 2_000, good: 60_000 } as const;
const HISTORY_MAX = 10_000n;
/** Precompiles whose data begins with their number of signatures, each of which costs a fee. */
const PRECOMPILES = [
  'Ed25519SigVerify111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111',
  'Secp256r1SigVerify1111111111111111111111111',
];

export interface Account {
  lamports: bigint;
  owner: string;
  executable: boolean;
  data: Uint8Array;
}

export interface Outcome {
  signature: string;
  error: TransactionError | null;
  logs: string[];
  units: number;
}

/** A real SVM in this process. Every call answers at once; nothing here waits or writes. */
export interface Svm {
  /** Clock of the chain, which follows the given time. */
  slot(): number;
  blockhash(): string;
  isRecent(blockhash: string): boolean;
  account(key: string): Account | undefined;
  rent(bytes: number): bigint;
  fee(message: Uint8Array): number;
  /** What a transaction calls. Throws where the bytes are no transaction. */
  called(transaction: Uint8Array): Called[];
  airdrop(to: string, amount: bigint): Outcome;
  simulate(transaction: Uint8Array, options: { verify: boolean; fresh: boolean }): Outcome;
  send(transaction: Uint8Array): Outcome;
  /** What became of a transaction; undefined for one that is not in the history. */
  outcome(signature: string): Outcome | undefined;
  snapshot(): Uint8Array;
}

/** Opens a new chain, or one as a snapshot left it. `now` gives Unix milliseconds. */
export function openSvm(options: {
  now(): number;
  snapshot?: Uint8Array;
  programs: readonly { id: string; bytes: Uint8Array }[];
}): Svm {
  const { now, snapshot, programs } = options;
  const svm = snapshot === undefined ? new LiteSVM() : LiteSVM.fromBytes(snapshot);
  // Hashes are held to their age here: the SVM knows only its newest one.
  svm.withBlockhashCheck(false).withTransactionHistory(HISTORY_MAX);
  for (const { id, bytes } of programs) svm.addProgram(address(id), bytes);
  const { blockhash, isRecent, renew } = openBlockhashes(svm, now);
  const clock = openClock(svm, now);
  const decode = (bytes: Uint8Array): Transaction => getTransactionDecoder().decode(bytes);
  return {
    slot: clock.turn,
    blockhash,
    isRecent,
    account: (key) => {
      const found = svm.getAccount(address(key));
      return found.exists ? describeAccount(found) : undefined;
    },
    rent: (bytes) => svm.minimumBalanceForRentExemption(BigInt(bytes)),
    fee: countFee,
    called: (bytes) => listCalled(decode(bytes)),
    airdrop(to, amount) {
      clock.turn();
      // The same airdrop again under the same hash would be the same transaction, which runs once.
      renew();
      const done = svm.airdrop(address(to), lamports(amount));
      if (done === null) throw new RangeError('the airdrop account has no lamports left');
      return describeOutcome(done, signatureOf(done));
    },
    simulate(bytes, { verify, fresh }) {
      clock.turn();
      const transaction = decode(bytes);
      if (!fresh && !isRecent(hashOf(transaction)))
        return refused(transaction, 'BlockhashNotFound');
      svm.withSigverify(verify);
      try {
        const done = svm.simulateTransaction(transaction);
        return describeOutcome(done, firstSignature(transaction));
      } finally {
        svm.withSigverify(true);
      }
    },
    send(bytes) {
      clock.turn();
      const transaction = decode(bytes);
      if (!isRecent(hashOf(transaction))) return refused(transaction, 'BlockhashNotFound');
      return describeOutcome(svm.sendTransaction(transaction), firstSignature(transaction));
    },
    outcome(id) {
      const found = svm.getTransaction(signature(id));
      return found === null ? undefined : describeOutcome(found, id);
    },
    snapshot: () => svm.toBytes(),
  };
}

/** The hashes that transactions may name: each good for a minute, a new one every two seconds. */
function openBlockhashes(svm: LiteSVM, now: () => number) {
  const made = new Map<string, number>([[svm.latestBlockhash(), now()]]);
  const isRecent = (hash: string): boolean => now() - (made.get(hash) ?? 0) < BLOCKHASH_MS.good;
  const renew = () => {
    svm.expireBlockhash();
    // Oldest first.
    for (const hash of made.keys()) {
      if (isRecent(hash)) break;
      made.delete(hash);
    }
    made.set(svm.latestBlockhash(), now());
  };
  return {
    isRecent,
    renew,
    blockhash(): string {
      if (now() - (made.get(svm.latestBlockhash()) ?? 0) >= BLOCKHASH_MS.fresh) renew();
      return svm.latestBlockhash();
    },
  };
}

/** Slots of 400 ms since the chain began, and the wall clock, as programs read them. */
function openClock(svm: LiteSVM, now: () => number): { turn(): number } {
  const start = svm.getClock();
  const opened = now();
  return {
    turn() {
      const clock = svm.getClock();
      const passed = BigInt(Math.max(0, Math.floor((now() - opened) / SLOT_MS)));
      clock.slot = start.slot + passed;
      clock.unixTimestamp = BigInt(Math.floor(now() / 1000));
      svm.setClock(clock);
      return Number(clock.slot);
    },
  };
}

type Done = ReturnType<LiteSVM['sendTransaction'] | LiteSVM['simulateTransaction']>;

function describeOutcome(done: Done, id: string): Outcome {
  const failed = done instanceof FailedTransactionMetadata;
  const meta = 'computeUnitsConsumed' in done ? done : done.meta();
  return {
    signature: id,
    error: failed ? decodeError(done.toString()) : null,
    logs: meta.logs(),
    units: Number(meta.computeUnitsConsumed()),
  };
}

const refused = (transaction: Transaction, error: TransactionError): Outcome => ({
  signature: firstSignature(transaction),
  error,
  logs: [],
  units: 0,
});

const describeAccount = (found: EncodedAccount): Account => ({
  lamports: found.lamports,
  owner: found.programAddress,
  executable: found.executable,
  data: Uint8Array.from(found.data),
});

function signatureOf(done: Done): Signature {
  const meta = 'computeUnitsConsumed' in done ? done : done.meta();
  return getBase58Decoder().decode(meta.signature()) as Signature;
}

/** The name of a transaction: the signature of who pays its fee. */
function firstSignature({ signatures }: Transaction): string {
  const [first] = Object.values(signatures);
  return getBase58Decoder().decode(first ?? new Uint8Array(64));
}

const decodeMessage = (bytes: Transaction['messageBytes'] | Uint8Array) =>
  getCompiledTransactionMessageDecoder().decode(bytes);

function hashOf({ messageBytes }: Transaction): string {
  const message = decodeMessage(messageBytes);
  return 'lifetimeToken' in message ? message.lifetimeToken : '';
}

function listCalled({ messageBytes }: Transaction): Called[] {
  const message = decodeMessage(messageBytes);
  if (!('instructions' in message)) throw new RangeError('a transaction of another version');
  return message.instructions.map(({ programAddressIndex, data }) => ({
    // No program is called by a table of addresses.
    program: message.staticAccounts[programAddressIndex] ?? 'a program of a table',
    data: Uint8Array.from(data ?? []),
  }));
}

/** 5,000 lamports for each signature, those that precompiles check included. */
function countFee(bytes: Uint8Array): number {
  const message = decodeMessage(bytes);
  let signatures = message.header.numSignerAccounts;
  if (!('instructions' in message)) return signatures * LAMPORTS_PER_SIGNATURE;
  for (const { programAddressIndex, data } of message.instructions) {
    const program: Address | undefined = message.staticAccounts[programAddressIndex];
    if (program !== undefined && PRECOMPILES.includes(program)) signatures += data?.[0] ?? 0;
  }
  return signatures * LAMPORTS_PER_SIGNATURE;
}

export const decodeBase58 = (text: string): Uint8Array =>
  Uint8Array.from(getBase58Encoder().encode(text));
