import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { settleTaps } from '#protocol/checks/fingerprint.ts';
import type { ComputeReply, ComputeRequest, RanTaps } from '#protocol/messages/compute.ts';
import type { Provider } from '#protocol/models/package.ts';
import { specBytes, type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { canonicaliseNan } from '#protocol/tensors/unit-bytes.ts';
import { fault, PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import { freeDimensions } from './free-dimensions.ts';
import { dtypeOf, RUNTIME_TYPES, typedView } from './tensor-bytes.ts';

/** The part of onnxruntime-web that a compute worker uses; each entry passes its own bundle. */
export interface Runtime {
  env: { wasm: { numThreads?: number | undefined } };
  InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  Tensor: new (
    type: Tensor.Type,
    data: ReturnType<typeof typedView>,
    dims: readonly number[],
  ) => Tensor;
}

export interface ComputePorts {
  runtime: Runtime;
  /** SHA-256; at once, or by a thread of the platform while the next unit runs. */
  digest(bytes: Uint8Array<ArrayBuffer>): Uint8Array | Promise<Uint8Array>;
  reply(message: ComputeReply, transfer: ArrayBuffer[]): void;
  /** A clock that only goes forward, ms. */
  clock(): number;
}

type LoadRequest = Extract<ComputeRequest, { type: 'load' }>;
type RunRequest = Extract<ComputeRequest, { type: 'run' }>;
interface Loaded {
  session: InferenceSession;
  inputs: readonly TensorSpec[];
  outputs?: readonly TensorSpec[];
  taps: readonly string[];
}

const PROGRESS_EVERY_MS = 100;

/**
 * The loop of a compute worker: one model, requests done in order, one at a time (overlapping runs
 * fail on WebGPU). Every failure is answered with `failed`; the owner then terminates the worker.
 */
export function openCompute(ports: ComputePorts): (request: ComputeRequest) => void {
  let loaded: Loaded | undefined;
  let queue = Promise.resolve();
  const handle = async (request: ComputeRequest) => {
    if (request.type === 'load') loaded = await load(ports, request);
    else loaded = { ...loadedOrThrow(loaded), outputs: await run(ports, loaded, request) };
  };
  return (request) => {
    queue = queue
      .then(() => handle(request))
      .catch((error: unknown) => {
        const failed = { type: 'failed', refusal: refusalOf(error, request.type) } as const;
        ports.reply(request.type === 'run' ? { ...failed, run: request.run } : failed, []);
      });
  };
}

async function load(ports: ComputePorts, request: LoadRequest): Promise<Loaded> {
  ports.runtime.env.wasm.numThreads = request.threads;
  const session = await ports.runtime.InferenceSession.create(request.model, {
    executionProviders: [executionProvider(request.provider)],
    graphOptimizationLevel: request.graphOptimization,
    freeDimensionOverrides: freeDimensions(request.model, request.inputs),
    logSeverityLevel: 3,
  });
  checkNames('inputs', session.inputNames, request.inputs);
  if (request.outputs !== undefined) checkOutputNames(session.outputNames, request.outputs);
  ports.reply({ type: 'loaded' }, []);
  const outputs = request.outputs === undefined ? {} : { outputs: request.outputs };
  return { session, inputs: request.inputs, ...outputs, taps: request.taps ?? [] };
}

const executionProvider = (provider: Provider) =>
  provider === 'webnn' ? ({ name: 'webnn', deviceType: 'gpu' } as const) : provider;

async function run(
  ports: ComputePorts,
  loaded: Loaded | undefined,
  request: RunRequest,
): Promise<readonly TensorSpec[]> {
  const { session, inputs, outputs: known, taps } = loadedOrThrow(loaded);
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
  let told = start;
  for (let unit = 0; unit < unitCount; unit += 1) {
    const input = request.inputs.subarray(unit * inputBytes, (unit + 1) * inputBytes);
    const feeds = feedsOf(ports.runtime, inputs, input);
    const results = await session.run(feeds, [...names, ...taps]);
    outputs.gather(unit, results);
    inside.gather(unit, results);
    const now = ports.clock();
    if (now - told >= PROGRESS_EVERY_MS && unit + 1 < unitCount) {
      told = now;
      ports.reply({ type: 'progress', run: request.run, unitsDone: unit + 1 }, []);
    }
  }
  const computeMs = millis(ports.clock() - start);
  const { specs, bytes, digests } = await outputs.close();
  const tapped = taps.length > 0 ? { taps: await inside.close() } : {};
  const transfer = [bytes.buffer, digests.buffer];
  if (tapped.taps !== undefined)
    transfer.push(tapped.taps.bytes.buffer, tapped.taps.digests.buffer);
  ports.reply(
    { type: 'ran', run: request.run, outputs: specs, bytes, digests, ...tapped, computeMs },
    transfer,
  );
  return specs;
}

/** Some outputs of every unit of a run: their bytes end to end, and a digest for each. */
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
    feeds[spec.name] = new runtime.Tensor(RUNTIME_TYPES[spec.dtype], data, spec.shape);
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

function loadedOrThrow(loaded: Loaded | undefined): Loaded {
  if (loaded !== undefined) return loaded;
  const message = 'a run came before a model was loaded; send load first and wait for loaded';
  throw fault('message-out-of-order', message);
}

/** The runtime throws Errors, strings and numbers (a WASM exception pointer) alike. */
function refusalOf(error: unknown, during: ComputeRequest['type']) {
  if (error instanceof PocketgridError) return error.refusal;
  const text = error instanceof Error ? error.message : String(error);
  const memory = error instanceof RangeError || /bad_alloc|out of memory|OOM|alloc/i.test(text);
  const failed: RefusalCode = during === 'load' ? 'provider-failed' : 'model-run-failed';
  const code = memory ? 'device-memory' : failed;
  const doing = during === 'load' ? 'load the model' : 'run the model';
  return refusal(
    code,
    `the runtime could not ${doing}: ${text.slice(0, 400) || 'no reason given'}`,
  );
}
