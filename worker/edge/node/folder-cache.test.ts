import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBlobCache } from '../blob-cache.contract.ts';
import { openFolderCache } from './folder-cache.ts';

checkBlobCache('folder', async () =>
  openFolderCache(await mkdtemp(join(tmpdir(), 'pocketgrid-cache-'))),
);
