import type { OnnxGraph, OnnxModel } from './model.ts';

/** The newest versions that onnxruntime-web 1.30.0 was seen to load. */
export const RUNTIME_VERSIONS = { opset: 26, ir: 13 } as const;
/** The newest opset whose changes are listed below. */
const OPSET_KNOWN = 28;
/** Standard operators that opsets 27 and 28 changed or brought (onnx 1.23.2). */
const CHANGED = new Set(
  `BitShift Cast CausalConvWithState Celu Compress DepthToSpace DequantizeLinear Einsum
  LinearAttention Mod OneHot Optional OptionalGetElement OptionalHasElement QuantizeLinear Range
  ReduceLogSum ReduceLogSumExp ReverseSequence SpaceToDepth SwiGLU Unique`.split(/\s+/),
);

/**
 * The model under the versions that the runtime loads, where it is the same one under them: no
 * operator of it has changed since, and newer IR versions only brought what no runtime here loads.
 * Otherwise the model as it came.
 */
export function lowerVersions(model: OnnxModel): OnnxModel {
  const isNew = ({ domain, version }: { domain: string; version: number }) =>
    isStandard(domain) && version > RUNTIME_VERSIONS.opset && version <= OPSET_KNOWN;
  const lowers = model.opsetImports.some(isNew) && !usesChanged(model.graph);
  const opsetImports = lowers
    ? model.opsetImports.map((each) =>
        isNew(each) ? { ...each, version: RUNTIME_VERSIONS.opset } : each,
      )
    : model.opsetImports;
  const irVersion = Math.min(model.irVersion, RUNTIME_VERSIONS.ir);
  return lowers || irVersion < model.irVersion ? { ...model, irVersion, opsetImports } : model;
}

const isStandard = (domain: string) => domain === '' || domain === 'ai.onnx';

const usesChanged = ({ nodes }: OnnxGraph): boolean =>
  nodes.some(
    ({ domain, opType, attributes }) =>
      (isStandard(domain) && CHANGED.has(opType)) ||
      attributes.some(({ graph, graphs = [] }) =>
        [graph ?? [], graphs].flat().some((inner) => usesChanged(inner)),
      ),
  );
