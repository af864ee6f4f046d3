import * as v from 'valibot';
import type { Send } from '#client/client.ts';
import { type FlagSchemas, type FlagValues, HttpUrl, readFlags } from '#node/flags.ts';
import { checkPinned, Fingerprint } from '#node/pinned-agent.ts';
import { openTlsFetch } from '#node/tls-fetch.ts';

/** The hub that a tool asks, and its certificate where nobody signed it. */
export const HUB_FLAGS = {
  hub: v.optional(HttpUrl, 'http://127.0.0.1:8787'),
  pin: v.exactOptional(Fingerprint),
};
/** What those flags are once decoded. */
export interface HubPlace {
  hub: URL;
  pin?: string;
}

/** What the help of a tool says of them. */
export const PIN_HELP =
  'the certificate of an https hub, as npm start -- --lan prints it: that one is accepted and no other';

/** How requests get to a hub, or to a chain that may lie there: with a pin to that certificate alone. */
export function sendTo({ hub, pin }: HubPlace, at = hub): { send?: Send } {
  checkPinned(hub, pin);
  return pin === undefined || at.origin !== hub.origin ? {} : { send: openTlsFetch({ pin }) };
}

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
