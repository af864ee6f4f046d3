import { decodeFlags, type FlagSchemas, type FlagValues } from '#node/flags.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import { type FlagShape, shapesOf } from './flag-shape.ts';
import type { World } from './world.ts';

/** What a command gives: lines for a person, a value for a program. */
export interface Answer {
  lines: readonly string[];
  json: unknown;
  /** How the program ends; 0 without. */
  code?: number;
}

/** A command of the program, its flags decoded. */
export interface Command {
  /** The words that name it, such as `model add`. */
  name: string;
  /** What it does, in the list of all. */
  summary: string;
  help: string;
  /** What may follow its name, for completions. */
  shapes: readonly FlagShape[];
  /** Decodes the rest of the command line; gives what is to be done, or `help`. */
  decode(args: readonly string[]): Result<((world: World) => Promise<Answer>) | 'help'>;
}

/** A command as it is written down. */
interface Definition<S extends FlagSchemas> extends Omit<Command, 'decode' | 'shapes'> {
  flags: S;
  /** Which of the flags are words that stand alone; the last may be a list. */
  words?: readonly string[];
  /** One letter for a flag. */
  letters?: Readonly<Record<string, string>>;
  /** Does what is asked for. Throws a `PocketgridError` with what to do where it cannot. */
  run(flags: FlagValues<S>, world: World): Promise<Answer>;
}

/** Makes a command of its definition. */
export function defineCommand<S extends FlagSchemas>(definition: Definition<S>): Command {
  const { name, summary, help, flags, words = [], letters = {}, run } = definition;
  return {
    ...{ name, summary, help },
    shapes: shapesOf(flags, { words, letters }),
    decode(args) {
      const decoded = decodeFlags(flags, { args, words, letters });
      if (!decoded.ok || decoded.value === 'help') return decoded as Result<'help'>;
      const values = decoded.value as FlagValues<S>;
      return accept((world: World) => run(values, world));
    },
  };
}
