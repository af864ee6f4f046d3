import type { OnnxModel } from '../model.ts';
import { listResiduals } from '../residuals.ts';
import { skipResiduals } from './skipping.ts';
import { truncateInputs } from './truncation.ts';
import { halveWeights, listWeights, pruneChannels, quantizeWeights } from './weights.ts';

/** The decoys that are made of a model, from near to far. */
export const DECOY_NAMES = [
  'half-weights',
  'int8-tensor',
  'int8-channel',
  'q4-block32',
  'pruned-quarter',
  'skipped-quarter',
  'early-exit',
  'truncated-input',
] as const;
/** Name of a decoy. */
export type DecoyName = (typeof DECOY_NAMES)[number];

/** What a cheat would run instead of the model, or why this one has no such short cut. */
export type Decoy = { model: OnnxModel } | { reason: string };

const Q4_BLOCK = 32;

/** The decoys of reference/verification.md §3.5 that can be made of a graph alone. */
export function makeDecoy(name: DecoyName, model: OnnxModel): Decoy {
  switch (name) {
    case 'half-weights':
      return ofWeights(model, halveWeights);
    case 'int8-tensor':
      return ofWeights(model, (each) => quantizeWeights(each, 127, 'tensor'));
    case 'int8-channel':
      return ofWeights(model, (each) => quantizeWeights(each, 127, 'channel'));
    case 'q4-block32':
      return ofWeights(model, (each) => quantizeWeights(each, 7, { block: Q4_BLOCK }));
    case 'pruned-quarter':
      if (listWeights(model.graph).length < 2) return { reason: 'it has one layer at most' };
      return { model: pruneChannels(model) };
    case 'skipped-quarter':
      return skipShare(model, 1 / 4);
    case 'early-exit':
      return skipShare(model, 1 / 2);
    case 'truncated-input': {
      const cut = truncateInputs(model);
      return cut === undefined
        ? { reason: 'no input of f32 or i64 has a last axis of known length' }
        : { model: cut };
    }
  }
}

function ofWeights(model: OnnxModel, change: (model: OnnxModel) => OnnxModel): Decoy {
  if (listWeights(model.graph).length > 0) return { model: change(model) };
  return { reason: 'it has no 32-bit weights of Conv, Gemm or MatMul in the file' };
}

/** Without the last residual blocks, its head kept. */
function skipShare(model: OnnxModel, share: number): Decoy {
  const blocks = listResiduals(model.graph).length;
  if (blocks < 2)
    return { reason: `it has ${blocks} residual blocks, so shapes change at each layer` };
  return { model: skipResiduals(model, Math.ceil(blocks * share)) };
}
