import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** A flag without a value: there or not. */
export const Switch = v.optional(v.boolean(), false);

/** Text that is not empty. */
export const Text = v.pipe(v.string(), v.regex(/\S/, 'expected a value'));

/** The address of a hub or a chain, as it was written. */
export const HttpAddress = v.pipe(
  v.string(),
  v.url('expected an address such as http://127.0.0.1:8787'),
  v.regex(/^https?:/, 'expected an address with http or https'),
);

/** The address of a hub or a chain. */
export const HttpUrl = v.pipe(
  HttpAddress,
  v.transform((text) => new URL(text)),
);

/** What is said of a flag that is a number, for whoever writes it as one. */
export interface NumberBounds {
  least: number;
  most: number;
  isWhole: boolean;
}

/** A number from `least` to `most`. */
export const numberIn = (least: number, most: number) =>
  v.pipe(
    Text,
    v.transform(Number),
    v.check(
      (value) => value >= least && value <= most,
      `expected a number from ${least} to ${most}`,
    ),
    v.metadata({ least, most, isWhole: false } satisfies NumberBounds),
  );

/** A whole number from `least` to `most`. */
export const wholeIn = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, `expected a whole number from ${least} to ${most}`),
    numberIn(least, most),
    v.metadata({ least, most, isWhole: true } satisfies NumberBounds),
  );

/** The port of a server; 0 for any free one. */
export const Port = wholeIn(0, 65_535);

/** A whole number of 19 digits at most, such as lamports. */
export const Whole = v.pipe(
  v.string(),
  v.regex(/^\d{1,19}$/, 'expected a whole number'),
  v.transform((text) => BigInt(text)),
);

/** A schema for each flag: of a boolean for one without a value, of a list for one that repeats. */
export type FlagSchemas = Record<string, v.GenericSchema>;
/** What such flags are once decoded. */
export type FlagValues<S extends FlagSchemas> = v.InferOutput<v.StrictObjectSchema<S, undefined>>;

export interface CommandLine {
  args?: readonly string[];
  /** Which of the schemas are of words that stand alone, in order; of a list the last takes the rest. */
  words?: readonly string[];
  /** One letter for a flag, such as `o` for `out`. */
  letters?: Readonly<Record<string, string>>;
  /** What a flag replaces: of the environment, or of a configuration file. */
  defaults?: FlagTexts;
}

/** Flags as they are written: a text, a list of them, or whether a switch is there. */
export type FlagTexts = Readonly<Record<string, string | boolean | readonly string[]>>;

/**
 * The help of a flag: what stands for its value, where it has one, and what it does. An example goes
 * into the example of the configuration file.
 */
export interface FlagLine {
  takes?: string;
  says: string;
  example?: unknown;
}

/** A line for each of these flags. */
export type FlagLines<S extends FlagSchemas> = { readonly [Name in keyof S & string]: FlagLine };

/** The help on flags: a line for each. */
export function describeFlags(lines: Readonly<Record<string, FlagLine>>): string {
  const rows = Object.entries(lines).map(([name, { takes, says }]) => ({
    flag: `--${name}${takes === undefined ? '' : ` ${takes}`}`,
    says,
  }));
  const width = Math.max(...rows.map(({ flag }) => flag.length));
  return [...rows.map(({ flag, says }) => `  ${flag.padEnd(width)}  ${says}`), '  --help'].join(
    '\n',
  );
}

/**
 * Decodes a command line, each flag by its schema: values, or `help` where `--help` asks for it.
 * The refusal names the flag.
 */
export function decodeFlags<S extends FlagSchemas>(
  schemas: S,
  { args = process.argv.slice(2), words = [], letters = {}, defaults = {} }: CommandLine = {},
): Result<FlagValues<S> | 'help'> {
  const named = Object.entries(schemas).filter(([name]) => !words.includes(name));
  const options = Object.fromEntries(
    named.map(([name, schema]) => [name, optionOf(schema, letters[name])]),
  );
  let given: Record<string, unknown>;
  try {
    const all = { ...options, help: { type: 'boolean' as const } };
    const { values, positionals } = parseArgs({ args, options: all, allowPositionals: true });
    const { alone, extra } = nameWords(schemas, words, positionals);
    if (extra !== undefined) return misused(`${extra} belongs to no flag`);
    given = { ...defaults, ...values, ...alone };
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
  const { help, ...texts } = given;
  if (help === true) return accept('help');
  const decoded = decodeWith(v.strictObject(schemas), texts);
  if (decoded.ok) return decoded;
  const { path = '', message } = decoded.refusal;
  const dashes = words.includes(path) ? '' : '--';
  const isMissing = path in schemas && !(path in texts);
  return misused(`${dashes}${isMissing ? `${path} is missing` : message}`);
}

/** The same; throws an error that says what the refusal says. */
export function readFlags<S extends FlagSchemas>(schemas: S, line?: CommandLine) {
  const flags = decodeFlags(schemas, line);
  if (flags.ok) return flags.value;
  throw new Error(flags.refusal.message);
}

/** The words that stand alone by their names, and the first that has none. */
function nameWords(schemas: FlagSchemas, words: readonly string[], given: readonly string[]) {
  const last = words.at(-1);
  const rest = last !== undefined && typeOf(schemas[last]) === 'array' ? last : undefined;
  const single = rest === undefined ? words : words.slice(0, -1);
  const more = given.slice(single.length);
  const alone: Record<string, unknown> = Object.fromEntries(
    single.slice(0, given.length).map((name, at) => [name, given[at]]),
  );
  if (rest === undefined) return { alone, extra: more[0] };
  return { alone: { ...alone, ...(more.length > 0 && { [rest]: more }) }, extra: undefined };
}

/** What a flag is, whether or not it may be absent. */
const typeOf = (schema: v.GenericSchema | undefined): string | undefined =>
  schema && 'wrapped' in schema ? (schema.wrapped as v.GenericSchema).type : schema?.type;

function optionOf(schema: v.GenericSchema, short: string | undefined) {
  const type = typeOf(schema);
  return {
    type: type === 'boolean' ? ('boolean' as const) : ('string' as const),
    multiple: type === 'array',
    ...(short !== undefined && { short }),
  };
}

const misused = (why: string) => refuse('request-invalid', `${why}; --help lists the flags`);
