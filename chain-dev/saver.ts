/** Makes the newest state durable; callers that come while one save runs share the next. */
export interface Saver {
  /** Resolves when everything that was true at the call is on disk. */
  save(): Promise<void>;
}

export function openSaver(write: () => Promise<void>): Saver {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function start(): Promise<void> {
    const run = write().finally(() => {
      if (running === run) running = undefined;
    });
    running = run;
    return run;
  }

  return {
    save() {
      if (running === undefined) return start();
      next ??= running
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return start();
        });
      return next;
    },
  };
}
