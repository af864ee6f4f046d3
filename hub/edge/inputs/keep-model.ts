import { type ModelFile, ModelPath } from '#protocol/api/models.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { checkModel, MODEL_LIMITS } from '../../core/models/check.ts';
import { checkDecoder, writesText } from '../../core/models/decoder.ts';
import type { BlobStore } from '../blobs/port.ts';
import { assembleModel } from './model-file.ts';
import { checkSettings, graphFiles } from './model-files.ts';
import { readSpool, type Spool } from './spool.ts';

/**
 * Checks the files of a model as those of a job are checked, and keeps each as it was sent. Throws a
 * `PocketgridError` with what is wrong with them; then nothing names what was kept.
 */
export async function keepModel(
  source: Spool,
  blobs: Pick<BlobStore, 'put'>,
): Promise<ModelFile[]> {
  const files = await readSpool(source);
  for (const { name } of files) must(decodeWith(ModelPath, name, 'request-invalid'));
  checkSettings(files);
  const { file } = must(assembleModel(graphFiles(files)));
  if (writesText(file)) must(checkDecoder(file, MODEL_LIMITS, { ends: [] }));
  else must(checkModel(file, MODEL_LIMITS));
  const kept: ModelFile[] = [];
  for (const { name, bytes } of files) {
    const blob = must(await blobs.put(bytes, MODEL_LIMITS.fileBytes, 'model-too-big'));
    kept.push({ name, blob });
  }
  return kept;
}
