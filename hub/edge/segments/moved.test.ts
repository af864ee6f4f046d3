import { join } from 'node:path';
import { describe } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import { checkOutputs } from '../store/outputs.contract.ts';
import { jobArchived } from '../store/sample-facts.ts';
import { openFileStore } from '../store/store.ts';
import { moveOutputs } from './test-move.ts';

const folder = openTestFolder();
let worlds = 0;

describe('store whose outputs lie in segments', () => {
  checkOutputs(async () => {
    const data = join(folder, `${worlds++}`);
    const blobs = await openFolderBlobs(join(data, 'blobs'));
    const openStore = () => openFileStore(join(data, 'hub.db'), { blobs });
    const store = await openStore();
    return {
      store,
      reopen: openStore,
      async move(...jobs: readonly JobId[]) {
        for (const job of jobs) {
          await store.append([{ ...jobArchived(1), job }]);
          await moveOutputs({ store, blobs }, job);
        }
      },
    };
  });
});
