import {
  type Assurance,
  type JobOptions,
  JobOptions as JobOptionsSchema,
} from '#protocol/api/job.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Refusal, type Result, refusal, refuse } from '#protocol/values/refusal.ts';

/** Files that are models. */
export const MODEL_ENDINGS = ['.onnx'] as const;
/** Files that are inputs. */
export const INPUT_ENDINGS = [
  '.safetensors',
  '.npy',
  '.npz',
  '.jsonl',
  '.ndjson',
  '.png',
  '.jpg',
  '.jpeg',
] as const;

export type FileKind = 'model' | 'input' | 'unknown';

/** What a dropped file is, by its name. */
export function sortFile(name: string): FileKind {
  const lower = name.toLowerCase();
  if (MODEL_ENDINGS.some((ending) => lower.endsWith(ending))) return 'model';
  if (INPUT_ENDINGS.some((ending) => lower.endsWith(ending))) return 'input';
  return 'unknown';
}

const ACCEPTED = `one ${MODEL_ENDINGS[0]} file and inputs as ${INPUT_ENDINGS.join(', ')}`;

/**
 * Adds files to those chosen before. A job has one model, so a new one takes the place of the old,
 * and so does a file of the same name. A file that is neither model nor inputs is left out and
 * refused.
 */
export function addFiles<File extends { name: string }>(
  chosen: readonly File[],
  added: readonly File[],
): { files: File[]; refusal: Refusal | undefined } {
  const known = added.filter(({ name }) => sortFile(name) !== 'unknown');
  const unknown = added.find(({ name }) => sortFile(name) === 'unknown');
  const names = new Set(known.map(({ name }) => name));
  const hasModel = known.some(({ name }) => sortFile(name) === 'model');
  const kept = chosen.filter(
    ({ name }) => !names.has(name) && !(hasModel && sortFile(name) === 'model'),
  );
  const message = `${unknown?.name} is neither a model nor inputs. Add ${ACCEPTED}.`;
  return {
    files: [...kept, ...known],
    refusal: unknown && refusal('input-format', message, unknown.name),
  };
}

/** Splits the chosen files into a model and inputs, or says which of the two is missing. */
export function checkFiles<File extends { name: string }>(
  files: readonly File[],
): Result<{ model: File; inputs: File[] }> {
  const model = files.find(({ name }) => sortFile(name) === 'model');
  const inputs = files.filter(({ name }) => sortFile(name) === 'input');
  if (model !== undefined && inputs.length > 0) return accept({ model, inputs });
  const lacks = model === undefined ? 'a model (.onnx)' : `inputs (${INPUT_ENDINGS.join(', ')})`;
  return refuse('request-invalid', `Add ${lacks} before you post the job.`);
}

/** The options of the upload form, as typed. */
export interface UploadForm {
  name: string;
  unitItems: string;
  mean: string;
  std: string;
  unitPrice: string;
  /** As in `JobOptions`. */
  assurance: Assurance;
  allowNan: boolean;
  taps: boolean;
}

/** The form before anything was chosen. */
export const UPLOAD_FORM_EMPTY: UploadForm = {
  name: '',
  unitItems: '',
  mean: '',
  std: '',
  unitPrice: '',
  assurance: 'instant',
  allowNan: false,
  taps: false,
};

/** Turns what was typed into `JobOptions`, or says which field is wrong and what it wants. */
export function decodeUploadForm(form: UploadForm, modelName: string): Result<JobOptions> {
  const mean = decodeChannels(form.mean);
  const std = decodeChannels(form.std);
  if (mean === null || std === null) {
    return refuse(
      'request-invalid',
      'Mean and standard deviation take one number per channel, with commas: 0.485, 0.456, 0.406.',
      mean === null ? 'mean' : 'std',
    );
  }
  const unitItems = form.unitItems.trim();
  if (unitItems !== '' && !/^[1-9]\d{0,3}$/.test(unitItems)) {
    return refuse(
      'request-invalid',
      'Items per unit is a whole number from 1 to 4096, or empty.',
      'unitItems',
    );
  }
  const unitPrice = form.unitPrice.trim();
  if (unitPrice !== '' && !/^(0|[1-9]\d{0,18})$/.test(unitPrice)) {
    return refuse(
      'request-invalid',
      'The price is a whole number of lamports, or empty for volunteers.',
      'unitPrice',
    );
  }
  const name = form.name.trim() || modelName.replace(/\.onnx$/i, '') || 'Untitled job';
  const image = { ...(mean && { mean }), ...(std && { std }) };
  const options = {
    name: name.slice(0, 120),
    ...(unitItems && { unitItems: Number(unitItems) }),
    ...(unitPrice && { unitPrice }),
    ...(form.assurance !== 'instant' && { assurance: form.assurance }),
    ...(form.allowNan && { allowNan: true }),
    ...(form.taps && { taps: true }),
    ...((mean || std) && { image }),
  };
  const decoded = decodeWith(JobOptionsSchema, options, 'request-invalid');
  return decoded.ok ? accept(decoded.value) : decoded;
}

/** Numbers with commas; undefined when empty, null when not numbers. */
function decodeChannels(text: string): number[] | undefined | null {
  if (text.trim() === '') return undefined;
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  return numbers.length > 4 || numbers.some((value) => !Number.isFinite(value)) ? null : numbers;
}
