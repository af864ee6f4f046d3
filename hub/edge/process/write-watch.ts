/** When facts came to disk, and whether some wait: a disk may hang without an error. */
export interface WriteWatch {
  /** A group of facts is asked for; what it returns is called when the group is on disk. */
  begin(): () => void;
  /** How long ago a group came to disk; undefined before the first. */
  lastMs(): number | undefined;
  /** How long groups have waited without any coming to disk; 0 while none waits. */
  waitingMs(): number;
}

/** `observe` hears how long each group took. */
export function openWriteWatch(
  observe: (ms: number) => void,
  now: () => number = () => performance.now(),
): WriteWatch {
  let waiting = 0;
  let since = 0;
  let last: number | undefined;
  return {
    begin() {
      const askedAt = now();
      if (waiting === 0) since = askedAt;
      waiting += 1;
      return () => {
        last = now();
        since = last;
        waiting -= 1;
        observe(last - askedAt);
      };
    },
    lastMs: () => (last === undefined ? undefined : now() - last),
    waitingMs: () => (waiting === 0 ? 0 : now() - since),
  };
}
