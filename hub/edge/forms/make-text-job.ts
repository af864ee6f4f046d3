import type { JobOptions } from '#protocol/api/job.ts';
import { sha256 } from '#protocol/bytes/digest.ts';
import { sliceInputs } from '#protocol/generation/slice.ts';
import { type BlobRef, REFERENCE_LANE } from '#protocol/models/package.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { digestUnits } from '#protocol/tensors/unit-bytes.ts';
import { must } from '#protocol/values/refusal.ts';
import { MODEL_LIMITS } from '../../core/models/check.ts';
import { checkDecoder } from '../../core/models/decoder.ts';
import type { BlobStore } from '../blobs/port.ts';
import { assembleModel } from '../inputs/model-file.ts';
import type { InputFile } from '../inputs/port.ts';
import { UNITS_BYTES_MAX } from '../inputs/units.ts';
import { makeSlices } from '../tasks/generation/slices.ts';
import { openWriter } from '../tasks/generation/writer.ts';
import { checkOptions } from '../tasks/options.ts';
import { openRepository } from '../tasks/repository.ts';
import { refuseForeign, refuseSkipping } from '../tasks/task-form.ts';
import type { MadeJob } from './made-job.ts';

/** A form of a job that writes texts: files of a model as it is published, and of prompts. */
export interface TextForm {
  options: JobOptions & { task: TaskOptions };
  files: readonly InputFile[];
  inputs: readonly InputFile[];
}

/** Makes a job of prompts: a unit is a slice of the text of one. Throws what is wrong with the form. */
export async function makeTextJob(
  { options, files, inputs }: TextForm,
  blobs: Pick<BlobStore, 'put'>,
): Promise<MadeJob> {
  const { task } = options;
  const refused = refuseForeign(options) ?? refuseSkipping(options) ?? checkOptions(task);
  if (refused !== undefined) must(refused);
  const { model, settings } = must(openRepository(files));
  const { file } = must(assembleModel(model));
  const writer = must(openWriter(settings));
  const decoder = must(checkDecoder(file, MODEL_LIMITS, writer.limits));
  const { context } = decoder;
  const { bytes, units } = makeSlices(inputs, { options: task, writer, context });
  const specs = sliceInputs(context);
  const digests = digestUnits(unitBytes(specs), bytes, sha256);
  const put = async (data: Uint8Array): Promise<BlobRef> =>
    must(await blobs.put(data, UNITS_BYTES_MAX));
  return {
    record: {
      draft: {
        name: options.name,
        file: must(await blobs.put(file, MODEL_LIMITS.fileBytes, 'model-too-big')),
        runtime: {
          kind: 'decode',
          inputs: specs,
          unitItems: 1,
          graphOptimization: options.graphOptimization ?? REFERENCE_LANE.graphOptimization,
          sized: 'fixed',
          decoder,
        },
      },
      inputs: await put(bytes),
      inputDigests: await put(digests),
      items: units,
      units,
      task: {
        options: task,
        settings: await put(new TextEncoder().encode(JSON.stringify(settings))),
      },
    },
    digestBytes: digests,
  };
}
