import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openRuntimeDownload } from './runtime-download.ts';

const PART_BYTES = 10_000;
/** A module without code: its header, and a section of 30,000 zeros that is named `x`. */
const wasm = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[0, 0xb2, 0xea, 0x01, 1, 120],
  ...Array<number>(30_000).fill(0),
]);

let server: Server | undefined;
afterEach(() => server?.close());

/** Serves a runtime in parts; `answer` says for each request how many of its bytes come, or a status. */
async function openFiles(answer: (name: string, time: number) => number | 'all' | { status: 404 }) {
  const asked: string[] = [];
  server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    asked.push(name);
    const at = Number(name) * PART_BYTES;
    const part = name === 'glue' ? new Uint8Array(10) : wasm.subarray(at, at + PART_BYTES);
    const much = answer(name, asked.filter((each) => each === name).length);
    if (typeof much === 'object') return void response.writeHead(much.status).end();
    response.writeHead(200, { 'Content-Length': part.length });
    if (much === 'all') return void response.end(part);
    response.write(part.subarray(0, much), () => response.destroy());
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const parts = Array.from({ length: Math.ceil(wasm.length / PART_BYTES) }, (_, part) => {
    const length = Math.min(PART_BYTES, wasm.length - part * PART_BYTES);
    return { url: `${url}/${part}`, length, packed: length / 10 };
  });
  return { asked, download: openRuntimeDownload({ parts, glue: `${url}/glue` }), parts };
}

test('a runtime comes in parts and is compiled, and its bytes on the line are told', async () => {
  const { asked, download } = await openFiles(() => 'all');
  const told: { received: number; total: number }[] = [];
  const module = await download.run((at) => told.push(at));
  expect(WebAssembly.Module.customSections(module, 'x')[0]?.byteLength).toBe(30_000);
  expect(download.module()).toBe(module);
  const total = Math.round(wasm.length / 10);
  expect(told.at(-1)).toEqual({ received: total, total: expect.closeTo(total, 0) });
  await download.run(() => undefined);
  expect(asked.toSorted()).toEqual(['0', '1', '2', '3', 'glue']);
});

test('a line that breaks loses the part that was on it, and no other', async () => {
  const { asked, download } = await openFiles((name, time) =>
    name === '2' && time === 1 ? 5_000 : 'all',
  );
  await expect(download.run(() => undefined)).rejects.toThrow('the line broke');
  const module = await download.run(() => undefined);
  expect(WebAssembly.Module.customSections(module, 'x')).toHaveLength(1);
  const parts = asked.filter((name) => name !== 'glue');
  expect(parts.toSorted()).toEqual(['0', '1', '2', '2', '3']);
});

test('a part that is gone from the hub says that a newer version may be out', async () => {
  const { download } = await openFiles((name) => (name === '1' ? { status: 404 } : 'all'));
  await expect(download.run(() => undefined)).rejects.toThrow('reload the page');
});
