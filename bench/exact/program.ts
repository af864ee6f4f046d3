import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExactJob, runCases } from '../page/exact-cases.ts';

/** `program.ts FOLDER JOB`, in Node or Bun: runs FOLDER/JOB.json, one line of JSON a message. */
const [folder = '', name = ''] = process.argv.slice(2);
const read = async (file: string) => new Uint8Array(await readFile(join(folder, file)));
const job = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as ExactJob;
// One thread in Node is what verifiers run. More need the package's entry for Node, whose glue
// knows Node's workers, and so does Bun; it loads the same wasm file.
const ort =
  job.threads === 1 && process.versions['bun'] === undefined
    ? await import('onnxruntime-web/wasm')
    : // biome-ignore lint/style/noRestrictedImports: in Node the default entry is the wasm provider
      await import('onnxruntime-web');
ort.env.wasm.numThreads = job.threads;
const print = (line: string) =>
  new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve(undefined)));
for await (const message of runCases(ort, job, read)) await print(JSON.stringify(message));
// The runtime's threads would hold the process.
process.exit();
