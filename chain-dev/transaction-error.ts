/** As it stands in the `err` field of an answer; names are those of the Solana SDK. */
export type TransactionError =
  | string
  | { InstructionError: [place: number, error: string | { Custom: number }] }
  | { DuplicateInstruction: number }
  | { [name: string]: { account_index: number } };

/**
 * Reads an error off how litesvm prints a failed transaction. It gives the error as a number too,
 * but Solana's JSON-RPC, the wallets and we go by the name.
 */
export function decodeError(printed: string): TransactionError {
  const said = /\berr: (.*?), meta: /.exec(printed)?.[1] ?? '';
  const inside = /^InstructionError\((\d+), (?:Custom\((\d+)\)|(\w+))/.exec(said);
  if (inside !== null) {
    const [, place, code, name = ''] = inside;
    const error = code === undefined ? name : { Custom: Number(code) };
    return { InstructionError: [Number(place), error] };
  }
  const [, name = 'SanitizeFailure', place, account] =
    /^(\w+)(?:\((\d+)\)| \{ account_index: (\d+) \})?/.exec(said) ?? [];
  if (place !== undefined) return { DuplicateInstruction: Number(place) };
  return account === undefined ? name : { [name]: { account_index: Number(account) } };
}

/** In words, for a log or a message. */
export const describeError = (error: TransactionError): string =>
  typeof error === 'string' ? error : JSON.stringify(error);
