import { WORK_LOCK } from '#protocol/messages/background.ts';

/** What is done as the turn of this page comes and goes. */
interface TurnEnds {
  /** This page may compute. */
  onTurn(): void;
  /** Another page, or what works without one, computes. */
  onWait(): void;
  /** This page is out of sight, and another is looked at that wants to compute. */
  onYield(): void;
}

/** The turn of this page, until it is given back. */
export interface Turn {
  giveBack(): void;
}

/**
 * Of the pages of a browser one computes at a time, in the order they ask, and one that is looked at before
 * one that is not. Where a browser has no locks, each page computes; the hub then ends the older session.
 */
export function takeTurn({ onTurn, onWait, onYield }: TurnEnds): Turn {
  if (navigator.locks === undefined) {
    onTurn();
    return { giveBack() {} };
  }
  const channel = new BroadcastChannel(WORK_LOCK);
  const gone = new AbortController();
  let isMine = false;
  const isSeen = () => document.visibilityState === 'visible';
  const ask = () => {
    if (!isMine && isSeen()) channel.postMessage(null);
  };
  channel.onmessage = () => {
    if (isMine && !isSeen()) onYield();
  };
  document.addEventListener('visibilitychange', ask, { signal: gone.signal });
  void navigator.locks.query().then(({ held = [] }) => {
    if (isMine || gone.signal.aborted || !held.some(({ name }) => name === WORK_LOCK)) return;
    onWait();
    ask();
  });
  const held = new Promise<void>((resolve) => {
    gone.signal.addEventListener('abort', () => resolve());
  });
  const wait = navigator.locks.request(WORK_LOCK, { signal: gone.signal }, () => {
    if (gone.signal.aborted) return undefined;
    isMine = true;
    onTurn();
    return held;
  });
  // Given back before it came.
  wait.catch(() => undefined);
  return {
    giveBack() {
      gone.abort();
      channel.close();
    },
  };
}
