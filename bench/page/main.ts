import type { LoopResult, LoopTask } from './loop.ts';

/** What the benches call in this page; figures come back as JSON. */
export interface BenchPage {
  /** Runs a model over and over in a worker of its own for a while; items are counted outside. */
  runLoop(task: LoopTask): Promise<LoopResult>;
}

const page: BenchPage = {
  runLoop(task) {
    return new Promise((resolve, reject) => {
      const worker = new Worker('/bench/page/loop.ts', { type: 'module' });
      const end = (act: () => void) => {
        worker.terminate();
        act();
      };
      worker.onmessage = ({ data }) => end(() => resolve(data as LoopResult));
      worker.onerror = ({ message }) => end(() => reject(new Error(message)));
      worker.postMessage(task);
    });
  },
};
Object.assign(globalThis, { bench: page });
