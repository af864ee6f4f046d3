import type { FlagSchemas } from '#node/flags.ts';

/** What may be written on a command line: a flag, or a word that stands alone. */
export interface FlagShape {
  /** As it is written, such as `--out`; empty for a word that stands alone. */
  text: string;
  /** The letter that means the same, such as `-o`. */
  short?: string;
  /** Whether a value follows a flag. */
  takesValue: boolean;
  /** All that it may be, where that is known. */
  values: readonly string[];
}

/** What a schema of valibot shows of itself. */
interface Shown {
  type: string;
  wrapped?: Shown;
  options?: readonly unknown[];
}

/** The flags and words of a command by their schemas. */
export function shapesOf(
  schemas: FlagSchemas,
  { words, letters }: { words: readonly string[]; letters: Readonly<Record<string, string>> },
): FlagShape[] {
  return Object.entries(schemas).map(([name, schema]) => {
    const { type, options = [] } = unwrap(schema as Shown);
    const values = type === 'picklist' ? options.map(String) : [];
    if (words.includes(name)) return { text: '', takesValue: false, values };
    const short = letters[name];
    return {
      text: `--${name}`,
      ...(short !== undefined && { short: `-${short}` }),
      ...{ takesValue: type !== 'boolean', values },
    };
  });
}

const unwrap = (shown: Shown): Shown =>
  shown.wrapped === undefined ? shown : unwrap(shown.wrapped);
