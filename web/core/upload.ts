import { t } from '@lingui/core/macro';
import type { JobCategory } from '#protocol/api/about.ts';
import {
  type Assurance,
  type JobOptions,
  JobOptions as JobOptionsSchema,
} from '#protocol/api/job.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { splitLabels } from './playground.ts';

type ImageOptions = NonNullable<JobOptions['image']>;

/** The options of the upload form, as typed. */
export interface UploadForm {
  name: string;
  /** What it computes, for contributors; empty where task and model say it. */
  purpose: string;
  /** Empty where the task says it. */
  category: '' | JobCategory;
  /** Empty where the inputs are tensors, or pictures that become some. */
  task: '' | TaskName;
  /** What texts may be about, with commas (zero-shot-classification). */
  labels: string;
  unitItems: string;
  mean: string;
  std: string;
  /** A side in pixels, or height and width. */
  size: string;
  outputs: string;
  /** A JSON object: what all items share, by input. */
  shared: string;
  unitPrice: string;
  /** As in `JobOptions`; empty where the hub is to choose. */
  assurance: Assurance;
  fit: '' | NonNullable<ImageOptions['fit']>;
  orientation: '' | NonNullable<ImageOptions['orientation']>;
  layout: '' | NonNullable<ImageOptions['layout']>;
  allowNan: boolean;
  skipBadFiles: boolean;
  taps: boolean;
}

/** The form before anything was chosen. */
export const UPLOAD_FORM_EMPTY: UploadForm = {
  name: '',
  purpose: '',
  category: '',
  task: '',
  labels: '',
  unitItems: '',
  mean: '',
  std: '',
  size: '',
  outputs: '',
  shared: '',
  unitPrice: '',
  assurance: 'instant',
  fit: '',
  orientation: '',
  layout: '',
  allowNan: false,
  skipBadFiles: false,
  taps: false,
};

/** What all items share, as it is typed. */
export const SHARED_EXAMPLE = '{"sr": 16000}';

const no = (message: string, field: keyof UploadForm): Result<never> =>
  refuse('request-invalid', message, field);

/** Turns what was typed into `JobOptions`, or says which field is wrong and what it wants. */
export function decodeUploadForm(form: UploadForm, modelName: string): Result<JobOptions> {
  const image = decodeImageFields(form);
  if (!image.ok) return image;
  const unitItems = form.unitItems.trim();
  if (unitItems !== '' && !/^[1-9]\d{0,3}$/.test(unitItems)) {
    return no(t`Items per unit is a whole number from 1 to 4096, or empty.`, 'unitItems');
  }
  const unitPrice = form.unitPrice.trim();
  if (unitPrice !== '' && !/^(0|[1-9]\d{0,18})$/.test(unitPrice)) {
    return no(t`The price is a whole number of lamports, or empty for volunteers.`, 'unitPrice');
  }
  const shared = decodeShared(form.shared);
  if (!shared.ok) return shared;
  const name = form.name.trim() || modelName.replace(/\.onnx$/i, '') || t`Untitled job`;
  const outputs = splitLabels(form.outputs);
  const labels = form.task === 'zero-shot-classification' ? splitLabels(form.labels) : [];
  const options = {
    name: name.slice(0, 120),
    ...(form.purpose.trim() && { purpose: form.purpose }),
    ...(form.category && { category: form.category }),
    ...(form.task && { task: { name: form.task, ...(labels.length > 0 && { labels }) } }),
    ...(unitItems && { unitItems: Number(unitItems) }),
    ...(unitPrice && { unitPrice }),
    ...(form.assurance !== 'instant' && { assurance: form.assurance }),
    ...(outputs.length > 0 && { outputs }),
    ...(shared.value && { shared: shared.value }),
    ...(form.allowNan && { allowNan: true }),
    ...(form.skipBadFiles && { skipBadFiles: true }),
    ...(form.taps && { taps: true }),
    ...(Object.keys(image.value).length > 0 && { image: image.value }),
  };
  const decoded = decodeWith(JobOptionsSchema, options, 'request-invalid');
  return decoded.ok ? accept(decoded.value) : decoded;
}

function decodeShared(text: string): Result<JobOptions['shared']> {
  if (text.trim() === '') return accept(undefined);
  try {
    const shared: unknown = JSON.parse(text);
    if (typeof shared === 'object' && shared !== null && !Array.isArray(shared)) {
      return accept({ ...shared });
    }
  } catch {
    // Told below.
  }
  return no(t`What all items share is JSON by input: ${SHARED_EXAMPLE}.`, 'shared');
}

function decodeImageFields(form: UploadForm): Result<ImageOptions> {
  const mean = decodeNumbers(form.mean);
  const std = decodeNumbers(form.std);
  if (mean === null || std === null || Math.max(mean?.length ?? 0, std?.length ?? 0) > 4) {
    const message = t`Mean and standard deviation take one number per channel, with commas: 0.485, 0.456, 0.406.`;
    return no(message, mean === null ? 'mean' : 'std');
  }
  const [height, width, ...others] = decodeNumbers(form.size) ?? [];
  const isSide = (side = 1) => Number.isInteger(side) && side > 0 && side <= 8192;
  const isSize = height !== undefined || form.size.trim() === '';
  if (!isSize || !isSide(height) || !isSide(width) || others.length > 0) {
    return no(t`The size is a side in pixels, or height and width with a comma: 480, 640.`, 'size');
  }
  const { fit, orientation, layout } = form;
  return accept({
    ...(mean && { mean }),
    ...(std && { std }),
    ...(height && { size: width === undefined ? height : [height, width] }),
    ...(fit && { fit }),
    ...(orientation && { orientation }),
    ...(layout && { layout }),
  });
}

/** Numbers with commas; undefined when empty, null when not numbers. */
function decodeNumbers(text: string): number[] | undefined | null {
  if (text.trim() === '') return undefined;
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  return numbers.some((value) => !Number.isFinite(value)) ? null : numbers;
}
