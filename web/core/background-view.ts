import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import type { BackgroundWishes, Woken } from '#protocol/messages/background.ts';
import { formatInstant, formatSentence } from './format.ts';
import { sayReason } from './language.ts';

/** What this browser allows while no page is open. */
export interface BackgroundState {
  /** Whether it may show notifications; `absent` where it has none. */
  notifications: 'granted' | 'denied' | 'default' | 'absent';
  /** Whether it wakes the background worker by itself. */
  wakes: 'granted' | 'denied' | 'absent';
  /** Whether a background worker can be registered at all. */
  isPossible: boolean;
  /** What came of the last time that it was woken. */
  woken: Woken;
}

/** A switch for what is done while no page is open. */
export interface WishRow {
  wish: keyof BackgroundWishes;
  name: MessageDescriptor;
  says: MessageDescriptor;
}

/** The switches. */
export const WISH_ROWS: readonly WishRow[] = [
  {
    wish: 'tellsWork',
    name: msg`Tell me when work waits`,
    says: msg`A notification, once, when the hub has work that no device computes.`,
  },
  {
    wish: 'tellsPay',
    name: msg`Tell me when pay is settled`,
    says: msg`A notification when more pay is yours to claim.`,
  },
  {
    wish: 'computes',
    name: msg`Work a little in the background`,
    says: msg`Up to 20 seconds each time the browser wakes it, on what an earlier visit has kept. Your settings hold there too; where you want it to charge it never works, since nothing tells there whether it does.`,
  },
];

/** What holds on this browser for these wishes, in whole sentences. */
export function viewBackground(
  { notifications, wakes, isPossible, woken }: BackgroundState,
  wishes: BackgroundWishes,
): string[] {
  const tells = wishes.tellsPay || wishes.tellsWork;
  if (!isPossible) return [t`This browser runs nothing for a page that is closed.`];
  const sentences: string[] = [];
  if (notifications === 'absent') {
    sentences.push(
      t`This browser shows no notifications of this page. On an iPhone or iPad, add the page to the Home Screen first.`,
    );
  } else if (notifications === 'denied') {
    sentences.push(
      t`Notifications of this page are blocked. Allow them in the browser’s settings for this page, then switch this on.`,
    );
  }
  if (tells || wishes.computes) sentences.push(sayWakes(wakes));
  const { at, reason } = woken;
  if (at !== undefined && reason !== undefined) {
    const [when, what] = [formatInstant(at), formatSentence(sayReason(reason))];
    sentences.push(t`Last woken ${when}. ${what}`);
  }
  return sentences;
}

function sayWakes(wakes: BackgroundState['wakes']): string {
  switch (wakes) {
    case 'granted':
      return t`The browser wakes it as it sees fit, twice a day at most.`;
    case 'denied':
      return t`The browser wakes it only once this page is installed: choose “Install” or “Add to Home Screen” in its menu.`;
    case 'absent':
      return t`This browser wakes no closed page: it looks only while this page is open in another tab, and computes nothing there.`;
  }
}
