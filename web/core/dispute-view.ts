import type { DisputeView } from '#protocol/api.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import type { Refusal } from '#protocol/refusal.ts';
import { formatNoun, formatSentence } from './format.ts';

/** What this page knows of a conviction of its device. */
export interface DisputeWorld {
  /** As the hub has it. */
  found?: DisputeView;
  /** Other verifiers are being asked. */
  asking: boolean;
  /** Why they could not be. */
  refusal?: Refusal;
}

export const NO_DISPUTE: DisputeWorld = { asking: false };

export interface DisputeWords {
  tone: 'busy' | 'good' | 'bad' | 'warn';
  label: string;
  text: string;
  /** Why it was not taken, and what to do. */
  refused?: string;
  /** What the button says; there is none where nothing can be asked. */
  action?: string;
}

/** Whether verifiers found this device wrong, so that the hub may have a conviction of it. */
export const isCaught = ({ refusal, verdicts }: DeviceStatus): boolean =>
  refusal?.code === 'device-barred' || verdicts.some(({ kind }) => kind === 'mismatch');

/** Undefined where the hub knows of no conviction: verifiers may still disagree. */
export function viewDispute(world: DisputeWorld): DisputeWords | undefined {
  const { found, asking, refusal } = world;
  if (found?.unit === undefined) return undefined;
  const words = wordsOf(found);
  if (found.state !== 'none') return words;
  return {
    ...words,
    ...(refusal === undefined ? {} : { refused: formatSentence(refusal.message) }),
    action: nameAction(asking, refusal),
  };
}

function nameAction(asking: boolean, refusal: Refusal | undefined): string {
  if (asking) return 'Asking…';
  return refusal === undefined ? 'Ask other verifiers' : 'Ask again';
}

function wordsOf(found: DisputeView): DisputeWords {
  const { state, unit = 0, against = 0, inFavour = 0 } = found;
  const wrong = formatNoun(against, 'verifier');
  switch (state) {
    case 'none':
      return {
        tone: 'bad',
        label: 'found wrong',
        text: `${wrong} found unit ${unit} wrong, and this device is barred for a day. If it was right, other verifiers can compute that unit once more. You can ask them once.`,
      };
    case 'open':
      return {
        tone: 'busy',
        label: 'in dispute',
        text: `Other verifiers compute unit ${unit} once more. So far ${against} found it wrong and ${inFavour} right. You may close this page; it goes on without it.`,
      };
    case 'upheld':
      return {
        tone: 'warn',
        label: 'upheld',
        text: `It stands: ${against} found unit ${unit} wrong and ${inFavour} right. When its day is over this device may begin again, checked as if it were new.`,
      };
    case 'overturned':
      return {
        tone: 'good',
        label: 'you were right',
        text: `${formatNoun(inFavour, 'verifier')} found unit ${unit} right. This device is barred no more: tap Start.`,
      };
  }
}
