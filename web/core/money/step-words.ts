import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { formatInstant, formatSol } from '../format.ts';
import { say } from '../language.ts';
import type { RefundStep } from './escrow.ts';

const BUTTONS: Partial<Record<RefundStep['type'], MessageDescriptor>> = {
  ask: msg`Ask for the rest`,
  finalize: msg`Make the root final`,
  refund: msg`Take the rest out`,
  close: msg`Close the escrow`,
};

/** What to press for a step; nothing where there is only waiting. */
export function nameButton(step: RefundStep['type']): string | undefined {
  const button = BUTTONS[step];
  return button === undefined ? undefined : say(button);
}

/** What the poster of a job can do about the rest of its money, and when. */
export function describeStep(step: RefundStep): string {
  const when = (seconds: bigint) => formatInstant(Number(seconds) * 1000);
  switch (step.type) {
    case 'ask':
      return t`You can ask for the rest; it is yours from ${when(step.until)} on. Until then verifiers settle what devices have earned.`;
    case 'wait':
      return step.why === 'grace'
        ? t`You have asked for the rest. It is yours from ${when(step.until)} on.`
        : t`Verifiers are settling: what they signed becomes final at ${when(step.until)}, and the rest is yours then.`;
    case 'finalize':
      return t`Verifiers have signed a root that can become final now. After that the rest is yours.`;
    case 'refund':
      return t`${formatSol(step.amount)} can be taken out now.`;
    case 'close':
      return t`The escrow is empty. Closing it brings the rent of its account back.`;
    case 'spent':
      return t`All that is left is spent, and waits for verifiers to pull it.`;
  }
}
