import type { HubClient } from '#client/client.ts';
import { readPages } from '#client/pages.ts';
import { readVerdictPage } from '#client/verdicts.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { accept, must, PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { Verify } from '../../core/audit/evidence.ts';
import { checkBans, checkPayouts } from '../../core/audit/settlement-checks.ts';

/** Holds the facts of a hub to what verifiers and devices have signed. */
export interface FactCheck {
  /**
   * Reads new verdicts: before the facts are read, so that each ban that follows of them is
   * there.
   */
  refresh(): Promise<void>;
  /**
   * Throws `leaves-conflict` when a device is paid in spite of its verdicts, or at an address it
   * did not sign.
   */
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
      const [fault] = [
        ...checkPayouts(facts.payouts.slice(payouts), verify),
        ...checkBans(facts, { verdicts: mismatches, verifiers: verifiers.size }, verify),
      ];
      if (fault !== undefined) {
        const message = `the hub's facts are not what was signed: ${fault.message}; no root is signed`;
        throw new PocketgridError(refusal('leaves-conflict', message));
      }
      payouts = facts.payouts.length;
    },
  };
}
