/** Programs that keep nothing, and say what to do with the rest of a transaction. */
const STATELESS = [
  'ComputeBudget111111111111111111111111111111',
  'Ed25519SigVerify111111111111111111111111111',
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
];
const SYSTEM = '11111111111111111111111111111111';
/** Of the system program: other instructions make accounts of any size. */
const TRANSFER = 2;

/** An instruction of a transaction: the program that runs it, and its data. */
export interface Called {
  program: string;
  data: Uint8Array;
}

/**
 * Why a transaction is not run here. A cluster runs everything; whoever has lamports could fill this
 * chain with accounts, and lamports are given away.
 */
export function refuseCalled(
  called: readonly Called[],
  programs: readonly string[],
): string | undefined {
  for (const { program, data } of called) {
    if (programs.includes(program) || STATELESS.includes(program)) continue;
    if (program !== SYSTEM) {
      return `this chain runs the settlement program, transfers and memos, and not ${program}`;
    }
    const [tag = 0, ...rest] = data.subarray(0, 4);
    if (data.length < 4 || tag !== TRANSFER || rest.some((byte) => byte !== 0)) {
      return 'this chain runs transfers of the system program and nothing else of it';
    }
  }
  return undefined;
}
