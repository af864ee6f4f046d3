import { feedOf, loadRuntime, openModel, type Plain, readBytes } from './session.ts';

export interface LoopTask {
  /** URL of the model's file. */
  model: string;
  inputs: Plain[];
  /** Sizes of the model's free dimensions. */
  free: Record<string, number>;
  threads: number;
  warmSeconds: number;
  seconds: number;
}

export interface LoopResult {
  runs: number;
  seconds: number;
}

/** A bare loop over the runtime in a worker of its own: no downloads, digests or messages. */
async function loop(task: LoopTask) {
  const { model, inputs, free, threads, warmSeconds, seconds } = task;
  const ort = await loadRuntime(threads);
  const session = await openModel(ort, await readBytes(model), { free });
  const feed = feedOf(ort, inputs);
  const runFor = async (span: number): Promise<LoopResult> => {
    const started = performance.now();
    let runs = 0;
    while (performance.now() - started < span * 1000) {
      await session.run(feed);
      runs += 1;
    }
    return { runs, seconds: (performance.now() - started) / 1000 };
  };
  await runFor(warmSeconds);
  postMessage(await runFor(seconds));
}

addEventListener('message', ({ data }) => void loop(data as LoopTask));
