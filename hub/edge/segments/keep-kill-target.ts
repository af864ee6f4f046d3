import { join } from 'node:path';
import { openFolderBlobs } from '../blobs/folder.ts';
import { openFileStore } from '../store/store.ts';
import { keepOutputs, SEGMENT_LIMITS } from './keep-outputs.ts';
import { portsOf } from './test-move.ts';

/**
 * Run by `keep-kill.slow.test.ts`, which kills it: moves the outputs of every archived job in the data
 * folder named on the command line, and prints a line at each of its steps.
 */
const [data = ''] = process.argv.slice(2);
const blobs = await openFolderBlobs(join(data, 'blobs'));
const store = await openFileStore(join(data, 'hub.db'), { blobs });
const say = (step: string) => void process.stdout.write(`${step}\n`);
for (let due = await store.outputRows.due(0); due; due = await store.outputRows.due(0)) {
  const ports = portsOf({ store, blobs }, due.id);
  await keepOutputs(
    due.id,
    {
      ...ports,
      async pause() {
        say('window');
      },
      async keep(segment) {
        say('segment');
        await ports.keep(segment);
        say('kept');
      },
    },
    { ...SEGMENT_LIMITS, bytesMax: 4_000_000, shardsMax: 40 },
  );
}
await store.close();
say('done');
