import { checkBlobCache } from './blob-cache.contract.ts';
import { openMemoryCache } from './memory-cache.ts';

checkBlobCache('memory', async () => openMemoryCache(1_000_000));
