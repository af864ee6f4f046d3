import type { PictureTaskName } from '#protocol/tasks/task.ts';
import { buildPatches, type PatchEnd } from '../models/patches.ts';

const HIDDEN = 16;
const CLASSES = ['cat', 'dog', 'bird', 'fish', 'horse', 'sheep', 'cow'];
const OBJECTS = ['cat', 'dog', 'remote'];
const NORMAL = {
  ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true },
  ...{ image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] },
};

interface PictureModel {
  end: PatchEnd;
  labels: readonly string[];
  kind: string;
  preprocessor: object;
}

/** One for each way of making pictures ready: bent, cut to a square, and with all of it. */
const MODELS: Readonly<Record<PictureTaskName, PictureModel>> = {
  'image-classification': {
    ...{ end: { classes: CLASSES.length }, labels: CLASSES, kind: 'vit' },
    preprocessor: {
      ...{ image_processor_type: 'ViTImageProcessor', do_resize: true, resample: 2 },
      size: { height: 32, width: 32 },
    },
  },
  'image-feature-extraction': {
    ...{ end: 'vectors', labels: [], kind: 'vit' },
    preprocessor: {
      ...{ image_processor_type: 'CLIPImageProcessor', do_resize: true, resample: 3 },
      ...{ size: { shortest_edge: 36 }, do_center_crop: true },
      crop_size: { height: 32, width: 32 },
    },
  },
  'object-detection': {
    // The last class is nothing, and has no name.
    ...{ end: { objects: OBJECTS.length + 1 }, labels: OBJECTS, kind: 'detr' },
    preprocessor: {
      ...{ image_processor_type: 'DetrImageProcessor', do_resize: true, resample: 2, do_pad: true },
      size: { shortest_edge: 32, longest_edge: 64 },
    },
  },
};

/** The graph and the settings of a model of pictures, by the names of their files. */
export function describePictures(task: PictureTaskName, seed: number) {
  const { end, labels, kind, preprocessor } = MODELS[task];
  const settings = {
    config: {
      ...{ model_type: kind, hidden_size: HIDDEN, num_channels: 3 },
      ...(labels.length > 0 && { id2label: Object.fromEntries(labels.entries()) }),
    },
    preprocessor_config: { ...preprocessor, ...NORMAL },
  };
  return { model: buildPatches(seed, HIDDEN, end), settings };
}
