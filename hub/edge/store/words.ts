import { openBoundedMap } from '#node/bounded-map.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { Database, Statement } from './database/port.ts';

/** Words in memory: about 10 MB where they are keys of devices. */
const WORDS_KEPT = 32_768;

/** In a query: the number of the word that is bound here; null where there is no such word. */
export const WORD = '(select number from word where text = ?)';

/** The table of texts that rows name by number. Numbers count from 1, and stay. */
export interface Words {
  /** Numbers for these texts, new ones for those that have none. */
  enter(texts: Iterable<string>): Promise<Entered>;
  /** Runs what asks for texts, again until it finds all that it asks for. */
  tell<T>(run: (textOf: TextOf) => T): Promise<T>;
}

export type TextOf = (number: number) => string | undefined;

/** Texts that have numbers. */
export interface Entered {
  numberOf(text: string): number;
  /** What is to be written with the rows that name them. */
  statement: Statement;
  /** The statement is on disk. */
  keep(): void;
}

const INSERT = `insert into word (number, text)
  select value->>'$.number', value->>'$.text' from json_each(?)`;

interface Row {
  number: number;
  text: string;
}

/** Opens the table. One `enter` follows the other: the next begins when the last was kept, or not. */
export async function openWords({ read }: Pick<Database, 'read'>): Promise<Words> {
  const numbers = openBoundedMap<string, number>(WORDS_KEPT);
  const texts = openBoundedMap<number, string>(WORDS_KEPT);
  const find = (column: 'number' | 'text', values: Iterable<unknown>): Promise<Row[]> => {
    const list = JSON.stringify([...values]);
    if (list === '[]') return Promise.resolve([]);
    return read(`select * from word where ${column} in (select value from json_each(?))`, list);
  };
  const [newest] = await read<{ last: number | null }>('select max(number) as last from word');
  let last = newest?.last ?? 0;
  return {
    async enter(wanted) {
      const entered = new Map<string, number>();
      const missing = new Set<string>();
      for (const text of wanted) {
        const number = numbers.get(text);
        if (number === undefined) missing.add(text);
        else entered.set(text, number);
      }
      const found = await find('text', missing);
      for (const { text } of found) missing.delete(text);
      const added = [...missing].map((text, at) => ({ number: last + 1 + at, text }));
      for (const { number, text } of [...found, ...added]) entered.set(text, number);
      return {
        numberOf: (text) => entered.get(text) ?? refuseWord(text),
        statement: { sql: INSERT, args: [JSON.stringify(added)] },
        keep() {
          last += added.length;
          for (const { number, text } of [...found, ...added]) numbers.set(text, number);
        },
      };
    },
    async tell(run) {
      const told = new Map<number, string>();
      for (;;) {
        const missing = new Set<number>();
        try {
          const result = run((number) => {
            const text = told.get(number) ?? texts.get(number);
            if (text === undefined) missing.add(number);
            return text;
          });
          if (missing.size === 0) return result;
        } catch (error) {
          // It may have failed for want of a text.
          if (missing.size === 0) throw error;
        }
        for (const { number, text } of await find('number', missing)) {
          missing.delete(number);
          told.set(number, text);
          texts.set(number, text);
        }
        for (const number of missing) refuseWord(number);
      }
    },
  };
}

function refuseWord(word: string | number): never {
  const message = `the database has no word ${word}; restore hub.db from a backup`;
  throw new PocketgridError(refusal('storage-failed', message));
}
