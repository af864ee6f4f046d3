import { describe } from 'vitest';
import { checkBlobs } from './blobs.contract.ts';
import { openMemoryBlobs } from './memory.ts';

describe('memory blobs', () => {
  checkBlobs(async () => openMemoryBlobs());
});
