import type { JobRecord } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import { reject } from './answer.ts';
import type { ApiPorts } from './route.ts';

/**
 * Refuses where a key's jobs, with one more if it is given, come to more than its budget: when a job
 * is posted, one after the other, and when it is funded. A start needs no look of its own: items stay
 * what they were, and a price that grew with the units must be funded first.
 */
export async function checkBudget(
  { store }: Pick<ApiPorts, 'store'>,
  { id, name, budget }: KeyView,
  more?: Pick<JobRecord, 'items' | 'units' | 'unitPrice'>,
): Promise<void> {
  if (budget === undefined) return;
  const spent = await store.keys.spent(id);
  const items = spent.items + (more?.items ?? 0);
  if (budget.items !== undefined && items > budget.items) {
    const message = `the key "${name}" may have ${budget.items} items computed, and this makes ${items}; send fewer, or ask the operator for another key`;
    reject('budget-spent', message);
  }
  const price = more === undefined ? 0n : BigInt(more.unitPrice) * BigInt(more.units);
  const lamports = spent.lamports + price;
  if (budget.lamports !== undefined && lamports > BigInt(budget.lamports)) {
    const message = `the key "${name}" may spend ${budget.lamports} lamports, and this makes ${lamports}; lower the price or the items, or ask the operator for another key`;
    reject('budget-spent', message);
  }
}
