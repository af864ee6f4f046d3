import { makeFakeKey } from '../sockets/fake-client.ts';
import { openGroupCommit } from '../store/group-commit.ts';
import { committed } from '../store/sample-facts.ts';
import { openFileStore } from '../store/store.ts';
import { loadAll } from '../store/store-world.ts';
import { openCommitmentLog } from './commitment-log.ts';

/**
 * Run by `commitment-log.slow.test.ts`, which kills it: logs commitments in the database named on
 * the command line, as a hub does, and prints each tree head.
 */
const [file = ''] = process.argv.slice(2);
const store = await openFileStore(file);
const log = await openCommitmentLog({ store, sign: makeFakeKey().sign, now: Date.now });
const group = openGroupCommit(store);
const known = (await loadAll(store)).flatMap((fact) =>
  fact.type === 'committed' ? [fact.commitment.entry.index] : [],
);
// Not their count: some indexes are missing.
for (let nextIndex = Math.max(-1, ...known) + 1; ; nextIndex += 40) {
  // Every seventh index never reaches the disk, as after a full queue.
  const indexes = Array.from({ length: 40 }, (_, at) => nextIndex + at).filter((at) => at % 7 > 0);
  await Promise.all(
    indexes.map(async (index) => {
      const facts = [committed({ index })];
      await group.submit(facts).then(() => log.add(facts));
    }),
  );
  process.stdout.write(`${JSON.stringify(log.head().head)}\n`);
}
