import { packWritten, readSlice, readWritten, SLICE_OUTPUTS } from '#protocol/generation/slice.ts';
import type { LoadDecoder } from '#protocol/messages/compute.ts';
import type { StepRule } from '#protocol/models/decoder.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { millis } from '#protocol/values/units.ts';
import {
  type ComputePorts,
  heapOf,
  type LoadRequest,
  type RunRequest,
  type RunUnits,
  UnitFault,
} from '../kind.ts';
import { openProgress } from '../progress.ts';
import { openSession } from '../session.ts';
import { openTextCache, type TextCache } from './text-cache.ts';
import { writeSlice } from './write-slice.ts';

/** Without a rule of its own a model is run as it comes. */
const NO_RULE: StepRule = { kvMultiple: 1, rowsMin: 1 };

/** Loads a model that writes text. It keeps the last text, so that the next slice goes on from it. */
export async function loadDecoder(
  ports: ComputePorts,
  request: LoadRequest<LoadDecoder>,
): Promise<RunUnits> {
  const { decoder, steps } = request.runtime;
  const { session } = await openSession(ports, request);
  ports.reply({ type: 'loaded', ...heapOf(ports) }, []);
  const rule = steps === 'redecode' ? NO_RULE : steps;
  const cache = openTextCache(ports.runtime, session, { decoder, rule });
  return runOf(ports, cache, request.runtime);
}

/** Apart from the load: what it closes over is kept, and that must not be the model's file. */
const runOf =
  (ports: ComputePorts, cache: TextCache, runtime: LoadDecoder): RunUnits =>
  (request) =>
    run({ ports, cache, runtime, request });

interface Work {
  ports: ComputePorts;
  cache: TextCache;
  runtime: LoadDecoder;
  request: RunRequest;
}

async function run({ ports, cache, runtime, request }: Work): Promise<void> {
  const { unitCount, inputs, claims } = request;
  const start = ports.clock();
  const [inputSize, outputSize] = [unitBytes(runtime.inputs), unitBytes(SLICE_OUTPUTS)];
  const bytes = new Uint8Array(unitCount * outputSize);
  const digests = new Uint8Array(unitCount * 32);
  const progress = openProgress(ports, { run: request.run, since: start });
  for (let unit = 0; unit < unitCount; unit += 1) {
    const between = async () => {
      await ports.breathe?.();
      await progress(unit);
    };
    const input = inputs.subarray(unit * inputSize, (unit + 1) * inputSize);
    const claim = claims?.subarray(unit * outputSize, (unit + 1) * outputSize);
    try {
      const output = await writeUnit({ cache, runtime, input, claim, between });
      bytes.set(output, unit * outputSize);
      digests.set(await ports.digest(output), unit * 32);
    } catch (error) {
      throw new UnitFault(unit, error);
    } finally {
      // What was written on is somebody else's.
      input.fill(0);
    }
  }
  const computeMs = millis(ports.clock() - start);
  const ran = { type: 'ran', run: request.run, outputs: SLICE_OUTPUTS, bytes, digests } as const;
  ports.reply({ ...ran, computeMs, ...heapOf(ports) }, [bytes.buffer, digests.buffer]);
}

interface UnitWork {
  cache: TextCache;
  runtime: LoadDecoder;
  input: Uint8Array;
  claim: Uint8Array | undefined;
  between(): Promise<void>;
}

async function writeUnit({ cache, runtime, input, claim, between }: UnitWork) {
  const { decoder, steps } = runtime;
  const { vocab, ends, context } = decoder;
  const slice = readSlice(input, context);
  // A check starts from nothing; without a rule so does each slice, since a cache would tell.
  if (claim !== undefined || steps === 'redecode') cache.keep(0);
  const guess = claim === undefined || steps === 'redecode' ? [] : readWritten(claim).tokens;
  const isSane = guess.every((token) => token >= 0 && token < vocab);
  const written = await writeSlice(cache, slice, {
    ...{ vocab, ends, between },
    guess: isSane ? guess : [],
  });
  return packWritten(written);
}
