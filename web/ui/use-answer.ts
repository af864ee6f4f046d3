import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Refusal, Result } from '#protocol/values/refusal.ts';

/** What was last answered to a question; the last answer stays while a newer one is awaited. */
export interface Answer<T> {
  value?: T;
  refusal?: Refusal;
  again(): Promise<void>;
}

/** Asks at once, on `again`, and every `everyMs` while the page is looked at. */
export function useAnswer<T>(ask: () => Promise<Result<T>>, everyMs?: number): Answer<T> {
  const [answer, setAnswer] = useState<{ value?: T; refusal?: Refusal }>({});
  const again = useCallback(async () => {
    const found = await ask();
    setAnswer((last) => (found.ok ? { value: found.value } : { ...last, refusal: found.refusal }));
  }, [ask]);
  useEffect(() => {
    void again();
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [again, everyMs]);
  return { ...answer, again };
}

/** Runs one action at a time, and keeps why the last one was refused. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  async function act<T>(action: () => Promise<Result<T>>): Promise<T | undefined> {
    setBusy(true);
    setRefusal(undefined);
    const done = await action();
    setBusy(false);
    if (done.ok) return done.value;
    setRefusal(done.refusal);
    return undefined;
  }
  return { busy, refusal, act };
}
