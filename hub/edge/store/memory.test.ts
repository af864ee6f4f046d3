import { describe } from 'vitest';
import { openMemoryStore } from './memory.ts';
import { checkMoneyStore } from './money.contract.ts';
import { checkStore } from './store.contract.ts';

describe('memory store', () => {
  const open = async () => ({ store: openMemoryStore() });
  checkStore(open);
  checkMoneyStore(open);
});
