import { describe } from 'vitest';
import { checkAnswerStore } from './answers.contract.ts';
import { checkBatchStore } from './batches.contract.ts';
import { checkKeyStore } from './keys.contract.ts';
import { checkModelStore } from './models.contract.ts';
import { checkMoneyStore } from './money.contract.ts';
import { checkStore } from './store.contract.ts';
import { openMemoryStore } from './store.ts';
import { checkWebhookStore } from './webhooks/webhooks.contract.ts';

describe('store in memory', () => {
  const open = async () => ({ store: await openMemoryStore() });
  checkStore(open);
  checkMoneyStore(open);
  checkKeyStore(open);
  checkModelStore(open);
  checkBatchStore(open);
  checkWebhookStore(open);
  checkAnswerStore(open);
});
