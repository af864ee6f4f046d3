import type { DeliveryAttempt, DeliveryView } from '#protocol/api/webhooks.ts';
import { after, millis } from '#protocol/values/units.ts';
import type { Next } from '../../store/webhooks/deliveries.ts';

/** Waits after each attempt that failed, in seconds: 24 hours in all. */
const WAITS = [5, 30, 300, 1_800, 3_600, 7_200, 14_400, 28_800, 30_000] as const;
/** Each is so much longer or shorter, by chance: many that failed at once do not come again at once. */
const SPREAD = 0.1;
/** The address is gone for good (RFC 9110, 15.5.11). */
export const GONE = 410;

/** What follows an attempt. A test is sent once. */
export function nextOf(
  { event, attempts }: Pick<DeliveryView, 'event' | 'attempts'>,
  { at, status = 0 }: DeliveryAttempt,
  chance: () => number = Math.random,
): Next {
  if (status >= 200 && status < 300) return { state: 'delivered' };
  const seconds = WAITS[attempts.length];
  if (seconds === undefined || status === GONE || event === 'webhook.test') {
    return { state: 'failed' };
  }
  const factor = 1 + SPREAD * (2 * chance() - 1);
  return { state: 'waiting', nextAt: after(at, millis(Math.round(seconds * 1_000 * factor))) };
}
