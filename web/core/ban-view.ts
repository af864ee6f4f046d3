import { t } from '@lingui/core/macro';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatSentence } from './format.ts';

/** What became of asking for the evidence against this device. */
export interface EvidenceWorld {
  asking: boolean;
  saved: boolean;
  /** Why there is none. */
  refusal?: Refusal;
}

/** The evidence was not asked for. */
export const NO_EVIDENCE: EvidenceWorld = { asking: false, saved: false };

/** A ban in words. */
export interface BanWords {
  text: string;
  action: string;
  /** What happened after the button was pressed. */
  outcome?: { bad: boolean; text: string };
}

/** Undefined where this device is not banned, as far as the page was told. */
export function viewBan({ refusal }: DeviceStatus, world: EvidenceWorld): BanWords | undefined {
  if (refusal?.code !== 'device-banned') return undefined;
  const { asking, saved } = world;
  const outcome = outcomeOf(world);
  return {
    text: t`This device is banned for a day: a check found one of its units wrong. If you think that is a mistake, save the evidence and send it to whoever runs this hub. It holds the signed receipt and the verdict: anyone can compute that unit again, and the operator can lift the ban.`,
    action: asking ? t`Asking…` : saved ? t`Save it again` : t`Save the evidence`,
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function outcomeOf({ saved, refusal }: EvidenceWorld): BanWords['outcome'] {
  if (refusal !== undefined) return { bad: true, text: formatSentence(refusal.message) };
  if (!saved) return undefined;
  const text = t`Saved. “npm run verify-receipt -- FILE” checks it, and the dashboard replays it.`;
  return { bad: false, text };
}
