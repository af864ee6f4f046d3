import * as v from 'valibot';
import { type FlagSchemas, type FlagValues, HttpUrl, readFlags } from '#node/flags.ts';

/** The hub that a tool asks. */
export const HubUrl = v.optional(HttpUrl, 'http://127.0.0.1:8787');

export interface Tool<S extends FlagSchemas> {
  help: string;
  flags: S;
  /** Which of the flags are words that stand alone. */
  words?: readonly string[];
  /** Does what is asked for, and gives the line that says so. */
  run(flags: FlagValues<S>): Promise<string>;
}

/** Prints lines while a command runs. */
export function tell(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A command that ends with one line for a person, or with its reason and status 1. */
export function runTool<S extends FlagSchemas>({ help, flags, words = [], run }: Tool<S>): void {
  Promise.resolve()
    .then(() => readFlags(flags, { words }))
    .then((read) => (read === 'help' ? help : run(read as FlagValues<S>)))
    .then(
      (line) => process.stdout.write(`${line}\n`),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 1;
      },
    );
}
