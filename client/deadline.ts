/** Ends a call when its time is up, or when whoever made it no longer wants it. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether it was the time that ended it. */
  isLate(): boolean;
  /** Starts the time anew: something has come. */
  extend(): void;
  /** Takes the timer away; the call has ended. */
  close(): void;
}

/** Opens a deadline of `ms` that `outer` ends sooner. */
export function openDeadline(ms: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let late = false;
  const expire = () => {
    late = true;
    controller.abort();
  };
  const stop = () => controller.abort();
  let timer = setTimeout(expire, ms);
  if (outer?.aborted === true) stop();
  outer?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    isLate: () => late,
    extend() {
      clearTimeout(timer);
      timer = setTimeout(expire, ms);
    },
    close() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
}
