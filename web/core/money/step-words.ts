import { formatInstant, formatSol } from '../format.ts';
import type { RefundStep } from './escrow.ts';

/** What to press for a step; nothing where there is only waiting. */
export const STEP_BUTTONS: Partial<Record<RefundStep['type'], string>> = {
  ask: 'Ask for the rest',
  finalize: 'Make the root final',
  refund: 'Take the rest out',
  close: 'Close the escrow',
};

/** What the poster of a job can do about the rest of its money, and when. */
export function describeStep(step: RefundStep, locale?: string): string {
  const when = (seconds: bigint) => formatInstant(Number(seconds) * 1000, locale);
  switch (step.type) {
    case 'ask':
      return `You can ask for the rest; it is yours from ${when(step.until)} on. Until then verifiers settle what devices have earned.`;
    case 'wait':
      return step.why === 'grace'
        ? `You have asked for the rest. It is yours from ${when(step.until)} on.`
        : `Verifiers are settling: what they signed becomes final at ${when(step.until)}, and the rest is yours then.`;
    case 'finalize':
      return 'Verifiers have signed a root that can become final now. After that the rest is yours.';
    case 'refund':
      return `${formatSol(step.amount)} can be taken out now.`;
    case 'close':
      return 'The escrow is empty. Closing it brings the rent of its account back.';
    case 'spent':
      return 'All that is left is spent, and waits for verifiers to pull it.';
  }
}
