import { describe } from 'vitest';
import { openMemoryStore } from './memory.ts';
import { checkStore } from './store.contract.ts';

describe('memory store', () => {
  checkStore(async () => ({ store: openMemoryStore() }));
});
