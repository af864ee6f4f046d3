import { t } from '@lingui/core/macro';
import { useEffect, useRef, useState } from 'preact/hooks';
import { accept, type Refusal, type Result } from '#protocol/values/refusal.ts';
import type { RunState } from '../../core/run-view.ts';
import type { DashboardActions, TaskAnswers, TaskRun } from '../dashboard/actions.ts';

/** What was asked and what came of it. */
export interface DoneRun {
  run: TaskRun;
  answers: TaskAnswers;
  ms: number;
}

const TICK_MS = 1_000;

/** One run at a time: how far it is, then its answers or why there are none. */
export function useRun(key: string, actions: DashboardActions) {
  const [state, setState] = useState<RunState | undefined>(undefined);
  const [outcome, setOutcome] = useState<Result<DoneRun> | undefined>(undefined);
  const [elapsedMs, setElapsed] = useState(0);
  const abort = useRef<AbortController | undefined>(undefined);
  const isBusy = state !== undefined;
  // A page that is left waits no longer; a job that was posted is cancelled.
  useEffect(() => () => abort.current?.abort(), []);
  useEffect(() => {
    if (!isBusy) return undefined;
    const begun = performance.now();
    const timer = setInterval(() => setElapsed(performance.now() - begun), TICK_MS);
    return () => clearInterval(timer);
  }, [isBusy]);

  const start = async (run: TaskRun) => {
    const control = new AbortController();
    const begun = performance.now();
    abort.current = control;
    setOutcome(undefined);
    setElapsed(0);
    setState({ step: 'sending', share: 0 });
    const { signal } = control;
    const answers = await actions.runTask(key, run, { onState: setState, signal });
    if (control !== abort.current) return;
    setState(undefined);
    setOutcome(
      answers.ok ? accept({ run, answers: answers.value, ms: performance.now() - begun }) : answers,
    );
    actions.say(answers.ok ? t`The answers are here.` : answers.refusal.message);
  };
  return {
    state,
    elapsedMs,
    done: outcome?.ok ? outcome.value : undefined,
    refusal: outcome === undefined || outcome.ok ? undefined : outcome.refusal,
    start,
    stop: () => abort.current?.abort(),
    /** Shows why nothing was sent; undefined takes it back. */
    refuse: (refusal: Refusal | undefined) =>
      setOutcome(refusal === undefined ? undefined : { ok: false, refusal }),
    forget: () => setOutcome(undefined),
  };
}
