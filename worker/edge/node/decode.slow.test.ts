import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DecoderPrecision } from '#protocol/decoders/config.ts';
import { TINY, tinyDecoder } from '#protocol/decoders/tiny.ts';
import {
  packSlice,
  readWritten,
  type Slice,
  sliceInputs,
  type WrittenSlice,
} from '#protocol/generation/slice.ts';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import type { Decoder, Steps } from '#protocol/models/decoder.ts';

const CONTEXT = 200;
const DECODER: Decoder = {
  ...{ layers: 2, kvHeads: 2, headDim: 8, vocab: TINY.vocab_size, context: CONTEXT, ends: [] },
};
const RULE: Steps = { kvMultiple: 4, rowsMin: 2 };
const PROMPT = Array.from({ length: 37 }, (_, at) => (at * 31) % 256);
const DRAWN = { seed: 5, temperature: 1, topP: 0.95, topK: 0 };

const ENTRY = new URL('./compute-entry.mjs', import.meta.url);
let precision: DecoderPrecision = 'f32';
const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())));

/** A compute worker of its own, as contributors and verifiers start one. */
async function openWorker(load: Omit<LoadRequest, 'type' | 'provider' | 'threads'>) {
  const worker = new Worker(ENTRY);
  workers.push(worker);
  const ask = (request: ComputeRequest) =>
    new Promise<ComputeReply>((resolve, reject) => {
      const hear = (reply: ComputeReply) => {
        if (reply.type === 'progress') return;
        worker.off('message', hear);
        if (reply.type === 'failed') reject(new Error(reply.refusal.message));
        else resolve(reply);
      };
      worker.on('message', hear);
      worker.postMessage(request);
    });
  await ask({ type: 'load', provider: 'wasm', threads: 1, ...load });
  return {
    async run(inputs: Uint8Array<ArrayBuffer>, claims?: Uint8Array<ArrayBuffer>) {
      const request = { type: 'run', run: 1, unitCount: 1, inputs } as const;
      const reply = await ask({ ...request, ...(claims && { claims }) });
      if (reply.type !== 'ran') throw new Error(reply.type);
      return reply;
    },
  };
}
type LoadRequest = Extract<ComputeRequest, { type: 'load' }>;
type OpenWorker = Awaited<ReturnType<typeof openWorker>>;

async function open(steps: Steps = RULE, change: Partial<Decoder> = {}): Promise<OpenWorker> {
  const inputs = sliceInputs(CONTEXT);
  const decoder = { ...DECODER, ...change };
  const runtime = { kind: 'decode', graphOptimization: 'all', inputs, decoder, steps } as const;
  const { model } = tinyDecoder({ precision });
  return openWorker({ model, runtime });
}

const sliceOf = (change: Partial<Slice> = {}): Slice => ({
  ...{ ids: PROMPT, limit: 100, ...DRAWN },
  ...change,
});

async function write(
  worker: OpenWorker,
  slice: Slice,
  claims?: Uint8Array,
): Promise<{ bytes: Uint8Array; written: WrittenSlice }> {
  const unit = packSlice(slice, CONTEXT);
  const { bytes } = await worker.run(unit, claims && new Uint8Array(claims));
  return { bytes, written: readWritten(bytes) };
}

describe.each(['f32', 'int8row'] as const)('a decoder of %s under its step rule', (of) => {
  beforeEach(() => {
    precision = of;
  });

  it('gives a text written token by token the bits that it has in one prefill', async () => {
    const text = await write(await open(), sliceOf());
    expect(text.written.tokens).toHaveLength(100);
    expect(new Set(text.written.tokens).size).toBeGreaterThan(10);
    const checked = await write(await open(), sliceOf(), text.bytes);
    expect(checked.bytes).toEqual(text.bytes);
  });

  it('goes on from a text on another device with the same bits', async () => {
    const { written: whole } = await write(await open(), sliceOf());
    const half = [...PROMPT, ...whole.tokens.slice(0, 50)];
    const { written: rest } = await write(await open(), sliceOf({ ids: half, limit: 50 }));
    expect(rest.tokens).toEqual(whole.tokens.slice(50));
    expect(rest.topLogits).toEqual(whole.topLogits.slice(50));
  });

  it('goes on from what it kept of a text with the same bits', async () => {
    const { written: whole } = await write(await open(), sliceOf());
    const worker = await open();
    const first = await write(worker, sliceOf({ limit: 16 }));
    const ids = [...PROMPT, ...first.written.tokens];
    const second = await write(worker, sliceOf({ ids, limit: 84 }));
    expect([...first.written.tokens, ...second.written.tokens]).toEqual(whole.tokens);
    expect(second.written.logSums).toEqual(whole.logSums.slice(16));
  });

  it('comes to the same bytes whatever is claimed', async () => {
    const honest = await write(await open(), sliceOf());
    const worker = await open();
    const { length } = honest.bytes;
    const lies = [0, 4, 396, 1_024].map((at) => {
      const lie = new Uint8Array(honest.bytes);
      lie[at] = (lie[at] ?? 0) ^ 1;
      return lie;
    });
    for (const claims of [...lies, new Uint8Array(length), new Uint8Array(length).fill(255)]) {
      expect((await write(worker, sliceOf(), claims)).bytes).toEqual(honest.bytes);
    }
  });

  it('ends with an end token, which counts', async () => {
    const { written } = await write(await open(), sliceOf());
    const [, , third = 0] = written.tokens;
    const ended = await write(await open(RULE, { ends: [third] }), sliceOf());
    expect(ended.written.end).toBe('stop');
    expect(ended.written.tokens).toEqual(written.tokens.slice(0, ended.written.tokens.length));
    expect(ended.written.tokens.at(-1)).toBe(third);
    const checked = await write(await open(RULE, { ends: [third] }), sliceOf(), ended.bytes);
    expect(checked.bytes).toEqual(ended.bytes);
  });
});

it('a decoder without a rule writes a text again to check it, from nothing that was kept', async () => {
  const worker = await open('redecode');
  const text = await write(worker, sliceOf());
  expect((await write(worker, sliceOf(), text.bytes)).bytes).toEqual(text.bytes);
  expect((await write(worker, sliceOf())).bytes).toEqual(text.bytes);
});

it('a slice that is none is refused, and the next one is written', async () => {
  const worker = await open();
  const bytes = packSlice(sliceOf(), CONTEXT);
  await expect(worker.run(bytes.fill(0))).rejects.toThrow(/no slice of a text/);
  const strange = sliceOf({ ids: [100_000], limit: 2 });
  await expect(write(worker, strange)).rejects.toThrow(/the runtime could not run the model/);
  expect((await write(worker, sliceOf({ limit: 2 }))).written.tokens).toHaveLength(2);
});
