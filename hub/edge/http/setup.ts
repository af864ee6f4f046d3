import type { JobOptions } from '#protocol/api/job.ts';
import type { ModelFile } from '#protocol/api/models.ts';
import { digestRecord } from '#protocol/bytes/digest.ts';
import type { Digest } from '#protocol/values/ids.ts';

/** The options that shape what devices run of a model. */
type Shaping = Pick<
  JobOptions,
  | ('task' | 'unitItems' | 'graphOptimization' | 'image' | 'outputs')
  | ('batchAxis' | 'shared' | 'taps' | 'open')
>;

/**
 * Names the jobs of a kept model that devices run alike, but for the length of texts: by its files
 * and by the options that make another graph, or other units, of it.
 */
export function setupOf(files: readonly ModelFile[], options: Shaping): Digest {
  const { task, unitItems, graphOptimization, image, outputs } = options;
  const { batchAxis, shared, taps, open } = options;
  const { name, pooling, normalize, labels, hypothesis } = task ?? {};
  const roots = files.map((file) => [file.name, file.blob.root]).sort();
  const shaping = {
    ...{ roots, name, pooling, normalize, labels, hypothesis },
    ...{ unitItems: open === true ? 1 : unitItems, graphOptimization, image, outputs },
    ...{ batchAxis, shared, taps: taps === true },
  };
  return digestRecord(JSON.parse(JSON.stringify(shaping)));
}
