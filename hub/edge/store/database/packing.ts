import type { Statement, Value } from './port.ts';

/**
 * Statements as they go to another thread: few large parts, since each object and each array of
 * bytes that is cloned costs more than a row.
 */
export interface Packed {
  /** The different texts of statements. */
  texts: string[];
  /** For each statement the place of its text, and how many values it has; -1 where it has no list. */
  calls: number[];
  /** The values of all statements, `true` in the place of bytes. */
  values: (Value | true)[];
  /** How long the bytes are that each `true` stands for. */
  lengths: number[];
  /** All bytes, one after the other, in a buffer of their own. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** Packs statements. */
export function packStatements(statements: readonly Statement[]): Packed {
  const places = new Map<string, number>();
  const packed: Omit<Packed, 'bytes' | 'texts'> = { calls: [], values: [], lengths: [] };
  const parts: Uint8Array[] = [];
  for (const statement of statements) {
    const { sql, args } =
      typeof statement === 'string' ? { sql: statement, args: undefined } : statement;
    const place = places.get(sql) ?? places.size;
    places.set(sql, place);
    packed.calls.push(place, args?.length ?? -1);
    for (const value of args ?? []) {
      if (!(value instanceof Uint8Array)) packed.values.push(value);
      else {
        packed.values.push(true);
        packed.lengths.push(value.length);
        parts.push(value);
      }
    }
  }
  return { ...packed, texts: [...places.keys()], bytes: join(parts, packed.lengths) };
}

function join(parts: readonly Uint8Array[], lengths: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The statements that were packed; their bytes are views of `bytes`. */
export function* unpackStatements(packed: Packed): Generator<Statement> {
  const { texts, calls, values, lengths, bytes } = packed;
  let value = 0;
  let length = 0;
  let at = 0;
  for (let call = 0; call < calls.length; call += 2) {
    const sql = texts[calls[call] ?? 0] ?? '';
    const count = calls[call + 1] ?? 0;
    if (count < 0) {
      yield sql;
      continue;
    }
    const args = values.slice(value, value + count).map((each) => {
      if (each !== true) return each;
      const start = at;
      at += lengths[length++] ?? 0;
      return bytes.subarray(start, at);
    });
    value += count;
    yield { sql, args };
  }
}
