import { readPayPage } from '#client/money-facts.ts';
import { readPages } from '#client/pages.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { accept, must } from '#protocol/values/refusal.ts';
import { addPay, FACTS_NONE } from '../../core/money/facts.ts';
import { openHub } from '../hub.ts';

/** All public facts about the pay of one device. */
export async function fetchPay(device: PublicKey): Promise<MoneyFacts> {
  const hub = openHub();
  let facts = FACTS_NONE;
  const read = await readPages(0, async (from) => {
    const page = await readPayPage(hub, { device, from });
    if (!page.ok) return page;
    facts = addPay(facts, page.value);
    return accept(page.value.next);
  });
  must(read);
  return facts;
}
