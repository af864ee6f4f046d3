const LOOK_MS = 1_000;
/** Signs of life come every two seconds; the program itself comes over a line of any speed. */
const SILENT_LOOKS_MAX = { first: 90, later: 10 } as const;

/** Watches a worker for signs of life. */
export interface SilenceWatch {
  heard(): void;
  close(): void;
}

/**
 * Calls once when a worker has given no sign of life for ten seconds. Looks are counted, not time: a page
 * that was frozen or out of sight cannot have heard anything.
 */
export function watchSilence(onSilent: (seconds: number) => void): SilenceWatch {
  let most: number = SILENT_LOOKS_MAX.first;
  let looks = 0;
  const timer = setInterval(() => {
    if (document.visibilityState !== 'visible') looks = 0;
    else looks += 1;
    if (looks < most) return;
    clearInterval(timer);
    onSilent((looks * LOOK_MS) / 1_000);
  }, LOOK_MS);
  return {
    heard() {
      looks = 0;
      most = SILENT_LOOKS_MAX.later;
    },
    close: () => clearInterval(timer),
  };
}
