import type { Bench } from './figure.ts';
import { measureNewcomer } from './flood/newcomer.ts';
import { measureStrangers } from './flood/strangers.ts';

/** What strangers cost honest visitors. */
export const run: Bench = async function* (context) {
  yield await measureNewcomer(context);
  yield* measureStrangers(context);
};
