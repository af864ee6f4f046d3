import { accepted, committed } from './sample-facts.ts';
import { openFileStore } from './store.ts';
import { loadAll } from './store-world.ts';

/**
 * Run by `store.slow.test.ts`, which kills it: appends groups to the database named on the command
 * line and prints the first index after each group that was acknowledged.
 */
const [file = '', groupSize = '7'] = process.argv.slice(2);
const store = await openFileStore(file);
const shards = (await loadAll(store)).filter(({ type }) => type === 'accepted');
for (let nextIndex = shards.length; ; nextIndex += Number(groupSize)) {
  const choices = Array.from({ length: Number(groupSize) }, (_, at) => ({ index: nextIndex + at }));
  await store.append(choices.flatMap((choice) => [committed(choice), accepted(choice, 3_000)]));
  process.stdout.write(`${nextIndex + Number(groupSize)}\n`);
}
