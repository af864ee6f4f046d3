/**
 * What a screen reader is told about a page that changes all the time: the newest sentence, and at
 * most one per interval (WCAG 2.2, 4.1.3 without flooding).
 */
export interface Announcer {
  spoken: string;
  spokenAt: number;
  /** The newest sentence not said yet. */
  pending?: string;
}

export const ANNOUNCE_MS = 10_000;
/** Nothing was announced. */
export const ANNOUNCER_START: Announcer = { spoken: '', spokenAt: Number.NEGATIVE_INFINITY };

/** What an announcer hears of. */
export type AnnouncerEvent =
  | { type: 'say'; text: string; now: number }
  | { type: 'tick'; now: number };

/** `waitMs` is how long until a `tick` is due; absent when nothing is pending. */
export function stepAnnouncer(
  state: Announcer,
  event: AnnouncerEvent,
): { state: Announcer; waitMs?: number } {
  const pending = event.type === 'say' ? event.text : state.pending;
  if (pending === undefined || pending === state.spoken) {
    return { state: { spoken: state.spoken, spokenAt: state.spokenAt } };
  }
  const waitMs = state.spokenAt + ANNOUNCE_MS - event.now;
  if (waitMs > 0) return { state: { ...state, pending }, waitMs };
  return { state: { spoken: pending, spokenAt: event.now } };
}
