/** Keeps the screen on while it is wanted. */
export interface WakeLock {
  /** Asks for the lock, or gives it up. A refusal (low battery) changes nothing. */
  want(wanted: boolean): void;
}

/** The system drops the lock whenever the page is hidden; it is asked for again after. */
export function openWakeLock(): WakeLock {
  let wanted = false;
  let asking = false;
  let sentinel: WakeLockSentinel | undefined;

  async function settle(): Promise<void> {
    if (!wanted) {
      const held = sentinel;
      sentinel = undefined;
      await held?.release().catch(() => undefined);
      return;
    }
    const held = sentinel !== undefined && !sentinel.released;
    if (asking || held || document.visibilityState !== 'visible') return;
    asking = true;
    // Absent in older browsers.
    sentinel = await navigator.wakeLock?.request('screen').catch(() => undefined);
    asking = false;
    if (!wanted) await settle();
  }

  document.addEventListener('visibilitychange', () => void settle());
  return {
    want(next) {
      wanted = next;
      void settle();
    },
  };
}
