import { readFile } from 'node:fs/promises';
import { type Plain, runOnce } from '../page/session.ts';

/** `tsx bench/exact/node-run.ts MODEL INPUTS.json THREADS`: output bytes of one run, as JSON. */
const [model = '', inputs = '', threads = '1'] = process.argv.slice(2);
// One thread is what verifiers run. More need Node's own entry, whose glue knows Node's workers; it
// loads the same wasm file.
const ort =
  threads === '1'
    ? await import('onnxruntime-web/wasm')
    : // biome-ignore lint/style/noRestrictedImports: in Node the default entry is the wasm provider
      await import('onnxruntime-web');
ort.env.wasm.numThreads = Number(threads);
const plain = JSON.parse(await readFile(inputs, 'utf8')) as Plain[];
const outputs = await runOnce(ort, new Uint8Array(await readFile(model)), plain);
// The runtime's threads would hold the process; the text has to be out before it ends.
process.stdout.write(JSON.stringify({ outputs }), () => process.exit());
