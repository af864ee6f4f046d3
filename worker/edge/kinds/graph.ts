import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { settleTaps } from '#protocol/checks/fingerprint.ts';
import type { LoadGraph, RanTaps } from '#protocol/messages/compute.ts';
import { DTYPE_NAMES, specBytes, type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { canonicaliseNan } from '#protocol/tensors/unit-bytes.ts';
import { fault } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import { dtypeOf, typedView } from '../tensor-bytes.ts';
import {
  type ComputePorts,
  heapOf,
  type LoadRequest,
  type RunRequest,
  type Runtime,
  type RunUnits,
  UnitFault,
} from './kind.ts';
import { openProgress } from './progress.ts';
import { openSession } from './session.ts';

interface Loaded {
  session: InferenceSession;
  inputs: readonly TensorSpec[];
  /** Found out by the first run where nobody said. */
  outputs: readonly TensorSpec[] | undefined;
  taps: readonly string[];
}

/** Loads a model that is run on batches of one shape, and replies `loaded`. */
export async function loadGraph(
  ports: ComputePorts,
  request: LoadRequest<LoadGraph>,
): Promise<RunUnits> {
  const { inputs, outputs, taps = [] } = request.runtime;
  const { session, partition } = await openSession(ports, request);
  checkNames('inputs', session.inputNames, inputs);
  if (outputs !== undefined) checkOutputNames(session.outputNames, outputs);
  ports.reply({ type: 'loaded', ...(partition && { partition }), ...heapOf(ports) }, []);
  return runOf(ports, { session, inputs, outputs, taps });
}

/** Apart from the load: what it closes over is kept, and that must not be the model's file. */
function runOf(ports: ComputePorts, loaded: Loaded): RunUnits {
  return async (request) => {
    loaded.outputs = await run(ports, loaded, request);
  };
}

async function run(
  ports: ComputePorts,
  { session, inputs, outputs: known, taps }: Loaded,
  request: RunRequest,
): Promise<readonly TensorSpec[]> {
  const { unitCount } = request;
  const start = ports.clock();
  const inputBytes = unitBytes(inputs);
  if (request.inputs.length !== unitCount * inputBytes) {
    const message = `a run of ${unitCount} units takes ${unitCount * inputBytes} input bytes, not ${request.inputs.length}`;
    throw fault('input-shape', message);
  }
  const own = session.outputNames.filter((name) => !taps.includes(name));
  const names = known?.map(({ name }) => name) ?? own;
  const outputs = openGathered(ports, { names, specs: known, unitCount }, canonicaliseNan);
  const inside = openGathered(ports, { names: taps, unitCount }, (_, unit) => settleTaps(unit));
  const progress = openProgress(ports, { run: request.run, since: start });
  for (let unit = 0; unit < unitCount; unit += 1) {
    const input = request.inputs.subarray(unit * inputBytes, (unit + 1) * inputBytes);
    try {
      const feeds = feedsOf(ports.runtime, inputs, input);
      const results = await session.run(feeds, [...names, ...taps]);
      outputs.gather(unit, results);
      inside.gather(unit, results);
    } catch (error) {
      throw new UnitFault(unit, error);
    } finally {
      // What was computed on is somebody else's.
      input.fill(0);
    }
    await ports.breathe?.();
    if (unit + 1 < unitCount) await progress(unit + 1);
  }
  const computeMs = millis(ports.clock() - start);
  const { specs, bytes, digests } = await outputs.close();
  const tapped = taps.length > 0 ? { taps: await inside.close() } : {};
  const transfer = [bytes.buffer, digests.buffer];
  if (tapped.taps !== undefined)
    transfer.push(tapped.taps.bytes.buffer, tapped.taps.digests.buffer);
  ports.reply(
    {
      ...{ type: 'ran', run: request.run, outputs: specs, bytes, digests, ...tapped, computeMs },
      ...heapOf(ports),
    },
    transfer,
  );
  return specs;
}

/**
 * Some outputs of every unit of a run: their bytes end to end, and a digest for each.
 */
function openGathered(
  ports: ComputePorts,
  asked: { names: readonly string[]; specs?: readonly TensorSpec[] | undefined; unitCount: number },
  settle: (specs: readonly TensorSpec[], unit: Uint8Array<ArrayBuffer>) => void,
) {
  let specs = asked.specs;
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const digests: (Uint8Array | Promise<Uint8Array>)[] = [];
  return {
    gather(unit: number, results: InferenceSession.ReturnType): void {
      if (asked.names.length === 0) return;
      specs ??= asked.names.map((name) => specOf(name, results[name]));
      const size = unitBytes(specs);
      bytes ??= new Uint8Array(asked.unitCount * size);
      const gathered = bytes.subarray(unit * size, (unit + 1) * size);
      collect(results, specs, gathered);
      settle(specs, gathered);
      digests.push(ports.digest(gathered));
    },
    close: async (): Promise<RanTaps> => ({
      specs: specs ?? [],
      bytes: bytes ?? new Uint8Array(0),
      digests: await joinDigests(digests),
    }),
  };
}

function feedsOf(runtime: Runtime, specs: readonly TensorSpec[], bytes: Uint8Array<ArrayBuffer>) {
  const feeds: Record<string, Tensor> = {};
  let at = 0;
  for (const spec of specs) {
    const size = specBytes(spec);
    const data = typedView(spec.dtype, bytes.subarray(at, at + size));
    feeds[spec.name] = new runtime.Tensor(DTYPE_NAMES[spec.dtype], data, spec.shape);
    at += size;
  }
  return feeds;
}

/** Copies a unit's outputs end to end and disposes them: the runtime keeps what is not disposed. */
function collect(
  results: InferenceSession.ReturnType,
  specs: readonly TensorSpec[],
  into: Uint8Array<ArrayBuffer>,
) {
  let at = 0;
  for (const spec of specs) {
    const tensor = results[spec.name];
    const data = tensor?.data;
    const size = specBytes(spec);
    if (tensor === undefined || !ArrayBuffer.isView(data) || data.byteLength !== size) {
      const shape = tensor === undefined ? 'nothing' : `[${tensor.dims.join(', ')}]`;
      const message = `output ${spec.name} came as ${shape} where [${spec.shape.join(', ')}] of ${spec.dtype} was due; shapes must be the same for every unit`;
      throw fault('model-outputs-unsupported', message);
    }
    into.set(new Uint8Array(data.buffer, data.byteOffset, size), at);
    tensor.dispose();
    at += size;
  }
}

function specOf(name: string, tensor: Tensor | undefined): TensorSpec {
  const dtype = tensor === undefined ? undefined : dtypeOf(tensor.type);
  if (tensor === undefined || dtype === undefined || tensor.dims.some((size) => size < 1)) {
    const what = tensor === undefined ? 'absent' : `${tensor.type} [${tensor.dims.join(', ')}]`;
    const message = `output ${name} is ${what}; outputs must be non-empty tensors of f64, f32, f16, i64, i32, i16, i8, u8 or bool`;
    throw fault('model-outputs-unsupported', message);
  }
  return { name, dtype, shape: [...tensor.dims] };
}

async function joinDigests(digests: readonly (Uint8Array | Promise<Uint8Array>)[]) {
  const joined = new Uint8Array(digests.length * 32);
  for (const [unit, digest] of digests.entries()) joined.set(await digest, unit * 32);
  return joined;
}

function checkNames(what: string, names: readonly string[], specs: readonly TensorSpec[]) {
  const asked = new Set(specs.map(({ name }) => name));
  if (names.length === asked.size && names.every((name) => asked.has(name))) return;
  const message = `the model's ${what} are ${names.join(', ')}; the package names ${[...asked].join(', ')}`;
  throw fault('model-inputs-mismatch', message);
}

function checkOutputNames(names: readonly string[], specs: readonly TensorSpec[]) {
  const missing = specs.find(({ name }) => !names.includes(name));
  if (missing === undefined) return;
  const message = `the model has no output ${missing.name}; it has ${names.join(', ')}`;
  throw fault('model-outputs-unsupported', message);
}
