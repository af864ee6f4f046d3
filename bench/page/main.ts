import type { LoopResult, LoopTask } from './loop.ts';
import { encodeBytes, loadRuntime, readBytes } from './session.ts';
import { runUnits, type UnitsTask } from './units.ts';

/** What the benches call in this page; figures come back as JSON. */
export interface BenchPage {
  /** Runs a model over and over in a worker of its own for a while; items are counted outside. */
  runLoop(task: LoopTask): Promise<LoopResult>;
  /** Outputs of many units in base64, by the provider the task names. */
  runUnits(task: UnitsTask): Promise<string>;
  /** Vendor and architecture of the WebGPU adapter; undefined where there is none. */
  nameAdapter(): Promise<string | undefined>;
}

/** The part of WebGPU that is asked here; the compiler's library for pages does not have it. */
interface Gpu {
  requestAdapter(): Promise<{ info: { vendor: string; architecture: string } } | null>;
}

const page: BenchPage = {
  async runUnits(task) {
    const ort = await loadRuntime(1, task.provider === 'webgpu' ? 'jspi' : 'wasm');
    return encodeBytes(await runUnits(ort, task, readBytes));
  },
  async nameAdapter() {
    const { gpu } = navigator as Navigator & { gpu?: Gpu };
    const info = (await gpu?.requestAdapter())?.info;
    return info === undefined ? undefined : `${info.vendor} ${info.architecture}`;
  },
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
