import type { Bench } from './figure.ts';
import { measureStrangers } from './flood/hostile-sockets.ts';
import { measureNewcomer } from './flood/newcomer.ts';

/** What strangers cost honest visitors. */
export const run: Bench = async function* (context) {
  const closers: (() => unknown)[] = [];
  const defer = (close: () => unknown) => {
    closers.push(close);
    context.defer(close);
  };
  yield await measureNewcomer({ ...context, defer });
  // Its grid must not take the machine from the next one.
  for (const close of closers.reverse()) await close();
  yield* measureStrangers(context);
};
