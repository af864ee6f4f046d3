import { packSlice, readSlice, type Slice } from '#protocol/generation/slice.ts';
import type { LoadDecoder } from '#protocol/messages/compute.ts';
import { cacheBytes, type Decoder, type StepRule, type Steps } from '#protocol/models/decoder.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { bytes } from '#protocol/values/units.ts';
import type { Preparation } from '../../core/state/events.ts';
import type { Blobs } from '../blobs.ts';
import { type ComputeWorker, openComputeWorker } from '../compute-workers.ts';
import { graph, KNOWN_UNITS, NONE_RUN, RUNTIME_BYTES, readWhole, runWarm } from './graph.ts';
import type { Kind, Prepare } from './kind.ts';
import { runFirst } from './runnable.ts';

/** The cheapest first. */
const RULES: readonly StepRule[] = [
  { kvMultiple: 1, rowsMin: 1 },
  { kvMultiple: 4, rowsMin: 1 },
  { kvMultiple: 1, rowsMin: 2 },
  { kvMultiple: 4, rowsMin: 2 },
];
/** Tokens that a rule is tried on. */
const TRIAL_TOKENS = 48;
/** Copies of the keys and values of a text at once: into the heap and out of it. */
const CACHE_COPIES = 2;

/** Text is executed again as a graph is; how its steps are run is found by trial. */
export const decode: Kind = { ...graph, prepare };

/** Runs a new model in workers of its own, as a graph is, under the first step rule that holds. */
async function prepare(blobs: Blobs, { draft, inputs, units }: Prepare): Promise<Preparation> {
  const { runtime: drafted, file } = draft;
  if (drafted.kind !== 'decode') throw new TypeError('a draft of text has a decoder');
  const { graphOptimization, inputs: specs, decoder } = drafted;
  const size = unitBytes(specs);
  const readUnit = (unit: number) => blobs.read(inputs, unit * size, size);
  const open: Open = async (of) => {
    const runtime: LoadDecoder = { kind: 'decode', graphOptimization, inputs: specs, ...of };
    return openComputeWorker({ runtime, model: await readWhole(blobs, file) });
  };
  const steps = await findSteps(open, decoder, await readUnit(units[0] ?? 0));
  const started = await runFirst({
    ...{ units, most: KNOWN_UNITS, readUnit },
    open: () => open({ decoder, steps }),
  });
  try {
    const ran = await runWarm(started.worker, started.units);
    const cache = CACHE_COPIES * cacheBytes(decoder) * decoder.context;
    const peak = RUNTIME_BYTES + started.worker.peakBytes() + cache;
    return { ...ran, steps, peakBytes: bytes(peak), decoys: NONE_RUN };
  } finally {
    await started.worker.close();
  }
}

type Open = (of: { decoder: Decoder; steps: Steps }) => Promise<ComputeWorker>;

/**
 * The first rule under which a text that is written token by token has the bits that it has in one
 * prefill, logits and all. Where none holds, texts are written again to be checked.
 */
async function findSteps(open: Open, decoder: Decoder, unit: Uint8Array): Promise<Steps> {
  const { context } = decoder;
  const asked = readSlice(unit, context);
  const limit = Math.min(TRIAL_TOKENS, context - asked.ids.length);
  const trial: Slice = { ...asked, limit, seed: 1, temperature: 1, topP: 1, topK: 0 };
  const inputs = packSlice(trial, context);
  for (const steps of RULES) {
    // The trial goes on where a text would end.
    const worker = await open({ decoder: { ...decoder, ends: [] }, steps });
    try {
      const { bytes: written } = await worker.run(new Uint8Array(inputs), 1);
      const claims = new Uint8Array(written);
      const { bytes: checked } = await worker.run(new Uint8Array(inputs), 1, { claims });
      if (Buffer.compare(written, checked) === 0) return steps;
    } finally {
      await worker.close();
    }
  }
  return 'redecode';
}
