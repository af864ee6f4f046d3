/** Ends a call when its time is up, or when whoever made it no longer wants it. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether it was the time that ended it. */
  isLate(): boolean;
  /**
   * Keeps a request from the garbage collector until the call has ended. Node's `fetch` follows the
   * signal of a request only as long as that is in memory: later neither time nor caller ended it.
   */
  keep(request: Request): void;
  /** Starts the time anew: something has come. */
  extend(): void;
  /** Takes the timer away; the call has ended. */
  close(): void;
}

/** Opens a deadline of `ms` that `outer` ends sooner. */
export function openDeadline(ms: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const kept = new Set<Request>();
  let late = false;
  const expire = () => {
    late = true;
    kept.clear();
    controller.abort();
  };
  const stop = () => controller.abort();
  let timer = setTimeout(expire, ms);
  if (outer?.aborted === true) stop();
  outer?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    isLate: () => late,
    keep: (request) => void kept.add(request),
    extend() {
      clearTimeout(timer);
      timer = setTimeout(expire, ms);
    },
    close() {
      kept.clear();
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
}
