import type { InferenceSession } from 'onnxruntime-common';
import { isWebnn, type Partition, type Provider } from '#protocol/values/provider.ts';
import { freeDimensions } from '../free-dimensions.ts';
import { putWeightsOutside } from '../outside-weights.ts';
import type { ComputePorts, LoadRequest } from './kind.ts';

const DEVICE_TYPES: Partial<Record<Provider, 'npu' | 'gpu' | 'cpu'>> = {
  'webnn-npu': 'npu',
  'webnn-gpu': 'gpu',
  'webnn-cpu': 'cpu',
};

/** A session over the model of a request, and what its provider took of the graph, where said. */
export async function openSession(
  { runtime, hearPartition }: ComputePorts,
  { model, provider, threads, runtime: { graphOptimization, inputs } }: LoadRequest,
): Promise<{ session: InferenceSession; partition: Partition | undefined }> {
  runtime.env.wasm.numThreads = threads;
  const webnn = isWebnn(provider);
  const heard = webnn ? hearPartition?.() : undefined;
  const options: InferenceSession.SessionOptions = {
    executionProviders: [executionProvider(provider)],
    graphOptimizationLevel: graphOptimization,
    // What WebNN takes of a graph is said as information.
    logSeverityLevel: webnn ? 1 : 3,
  };
  const { graph, externalData } = putWeightsOutside(model);
  const fixed = {
    ...options,
    externalData,
    freeDimensionOverrides: freeDimensions(model, inputs),
  };
  const session = await runtime.InferenceSession.create(graph, fixed).catch((error: unknown) => {
    // With its sizes known a model may contradict the shapes it declares; without, it runs.
    if (!/(Shape|Type)InferenceError/.test(String(error))) throw error;
    return runtime.InferenceSession.create(graph, { ...options, externalData });
  });
  return { session, partition: heard?.() };
}

const executionProvider = (provider: Provider) =>
  isWebnn(provider) ? { name: 'webnn', deviceType: DEVICE_TYPES[provider] ?? 'gpu' } : provider;
