import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, constants } from 'node:zlib';
import type { BenchContext } from '../figure.ts';

const DIST = 'node_modules/onnxruntime-web/dist';
const FILES: Record<string, string> = {
  '/ort.wasm.min.mjs': `${DIST}/ort.wasm.min.mjs`,
  '/ort-wasm-simd-threaded.mjs': `${DIST}/ort-wasm-simd-threaded.mjs`,
  '/ort-wasm-simd-threaded.wasm': `${DIST}/ort-wasm-simd-threaded.wasm`,
  '/model.onnx': 'public/sample/digits.onnx',
};
/** What servers compress with on their way. The app packs the runtime harder ahead of time, which is part of its gain. */
const QUALITY = 5;

/** One worker that loads the runtime and the model side by side, and runs one unit of four digits. */
const WORKER = `
import * as ort from '/ort.wasm.min.mjs';
ort.env.wasm.wasmPaths = '/';
ort.env.wasm.numThreads = 1;
const model = new Uint8Array(await (await fetch('/model.onnx')).arrayBuffer());
const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
const [name] = session.inputNames;
const unit = new ort.Tensor('float32', new Float32Array(4 * 64), [4, 1, 8, 8]);
await session.run({ [name]: unit });
postMessage('done');
`;
const PAGE = `<!doctype html><title>bare</title><script type="module">
new Worker('/worker.mjs', { type: 'module' }).onmessage = () => { document.title = 'done'; };
</script>`;

/** Serves a page with nothing but the runtime, the model and one unit; gives its port. */
export async function openBarePage({ defer }: BenchContext): Promise<number> {
  const packed = new Map<string, Buffer>();
  const pack = (path: string, body: Buffer | string): void => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
    packed.set(path, brotliCompressSync(body, { params }));
  };
  for (const [path, file] of Object.entries(FILES)) pack(path, await readFile(file));
  pack('/', PAGE);
  pack('/worker.mjs', WORKER);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const body = packed.get(path);
    if (body === undefined) return void response.writeHead(404).end();
    const kind = path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
    response.writeHead(200, {
      'Content-Type': path === '/' ? 'text/html' : kind,
      'Content-Encoding': 'br',
      'Content-Length': body.length,
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
