import type { Bench } from './figure.ts';
import { measureStrangers } from './flood/hostile-sockets.ts';
import { measureNewcomer } from './flood/newcomer.ts';

/** What strangers cost honest visitors. */
export const run: Bench = async function* (context) {
  yield await measureNewcomer(context);
  yield* measureStrangers(context);
};
