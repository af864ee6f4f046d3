import { readFile, writeFile } from 'node:fs/promises';
import { runUnits, type UnitsTask } from '../page/units.ts';

/** `tsx bench/tolerance/node-units.ts TASKS.json THREADS`: runs each task, writes its outputs. */
export interface NodeTask extends UnitsTask {
  out: string;
}

const [path = '', threads = '1'] = process.argv.slice(2);
const tasks = JSON.parse(await readFile(path, 'utf8')) as NodeTask[];
// One thread is what verifiers run. More need Node's own entry, whose glue knows Node's workers; it
// loads the same wasm file.
const ort =
  threads === '1'
    ? await import('onnxruntime-web/wasm')
    : // biome-ignore lint/style/noRestrictedImports: in Node the default entry is the wasm provider
      await import('onnxruntime-web');
ort.env.wasm.numThreads = Number(threads);
const read = async (file: string) => new Uint8Array(await readFile(file));
for (const task of tasks) await writeFile(task.out, await runUnits(ort, task, read));
process.exit();
