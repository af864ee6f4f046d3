import type { HubClient } from '#client/client.ts';
import { readPages } from '#client/pages.ts';
import { readVerdictPage } from '#client/verdicts.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { accept, fault, must } from '#protocol/values/refusal.ts';
import type { Verify } from '../../core/audit/evidence.ts';
import { checkBans, checkPayouts } from '../../core/audit/settlement-checks.ts';

/** Holds the facts of a hub to what verifiers and devices have signed. */
export interface FactCheck {
  /** Reads new verdicts: before the facts, so that each ban of theirs is there. */
  refresh(): Promise<void>;
  /** Throws `leaves-conflict` when a cheat is paid, or an address was not signed. */
  check(facts: MoneyFacts): void;
}

/** Reads each verdict once, and checks each address once. */
export function openFactCheck(client: HubClient, verify: Verify): FactCheck {
  const mismatches: SignedVerdict[] = [];
  const verifiers = new Set<PublicKey>();
  let read = 0;
  let payouts = 0;
  return {
    async refresh() {
      const all = await readPages(read, async (after) => {
        const page = await readVerdictPage(client, { after });
        if (!page.ok) return page;
        for (const { signed } of page.value.verdicts) {
          verifiers.add(signed.verdict.verifier);
          if (signed.verdict.kind === 'mismatch') mismatches.push(signed);
        }
        read = page.value.next;
        return accept(read);
      });
      must(all);
    },
    check(facts) {
      const [first] = [
        ...checkPayouts(facts.payouts.slice(payouts), verify),
        ...checkBans(facts, { verdicts: mismatches, verifiers: verifiers.size }, verify),
      ];
      if (first !== undefined) {
        const message = `the hub's facts are not what was signed: ${first.message}; no root is signed`;
        throw fault('leaves-conflict', message);
      }
      payouts = facts.payouts.length;
    },
  };
}
