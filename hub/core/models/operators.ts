import type { OnnxNode } from '#protocol/onnx/model.ts';

/** Operator domains a model may use. '' and 'ai.onnx' name the same one. */
const STANDARD_DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml']);
const CONTRIB_DOMAIN = 'com.microsoft';

/**
 * Operators of onnxruntime's own domain that compute a fixed function of their inputs. Those that
 * generate text (BeamSearch, GreedySearch, Sampling) hold loops with no bound and are left out.
 * Names: ContribOperators.md of the ONNX Runtime project.
 */
const CONTRIB_OPERATORS = new Set(
  `Attention BiasAdd BiasGelu BiasSplitGelu BiasSoftmax BifurcationDetector CDist ComplexMul
  ComplexMulConj ConvTransposeWithDynamicPads CropAndResize DecoderMaskedMultiHeadAttention
  DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul EmbedLayerNormalization ExpandDims
  FastGelu FusedConv FusedGemm FusedMatMul FusedMatMulActivation GatherBlockQuantized GatherND Gelu
  GemmFastGelu GridSample GroupNorm GroupQueryAttention Inverse Irfft MatMulBnb4 MatMulInteger16
  MatMulIntegerToFloat MatMulNBits MaxpoolWithMask MoE MultiHeadAttention MurmurHash3 NhwcConv
  NhwcFusedConv NhwcMaxPool PackedAttention PackedMultiHeadAttention Pad QAttention
  QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv
  QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid
  QLinearSoftmax QLinearWhere QMoE QOrderedAttention QOrderedGelu QOrderedLayerNormalization
  QOrderedMatMul QuantizeLinear QuickGelu Range ReduceSumInteger RelativePositionBias Rfft
  RotaryEmbedding SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization
  SparseAttention SparseToDenseMatMul TransposeMatMul Trilu UnfoldTensor Unique WordConvEmbedding`.split(
    /\s+/,
  ),
);

/** Operators whose outputs differ from run to run, so that no two devices ever agree. */
const RANDOM_OPERATORS = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

export type OperatorVerdict = 'known' | 'domain-unknown' | 'operator-unknown' | 'random';

/** Whether a node's operator is one we let a phone run. */
export function checkOperator({ domain, opType }: OnnxNode): OperatorVerdict {
  if (domain === CONTRIB_DOMAIN) {
    return CONTRIB_OPERATORS.has(opType) ? 'known' : 'operator-unknown';
  }
  if (!STANDARD_DOMAINS.has(domain)) return 'domain-unknown';
  return RANDOM_OPERATORS.has(opType) ? 'random' : 'known';
}

/** `Conv`, or `com.microsoft:Gelu` for an operator outside the standard domain. */
export const nameOperator = ({ domain, opType }: OnnxNode): string =>
  domain === '' || domain === 'ai.onnx' ? opType : `${domain}:${opType}`;
