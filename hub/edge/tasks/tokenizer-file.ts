import type { ModelFile } from '#protocol/api/models.ts';
import { must } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';
import { readModelFiles } from '../inputs/model-files.ts';
import { openRepository, type Settings } from './repository.ts';
import { openTokenizer, type TextTokenizer } from './tokenizer.ts';

/** Opens the tokenizer of a model that the hub keeps. Throws what is wrong with its files. */
export async function openModelTokenizer(
  files: readonly ModelFile[],
  blobs: Pick<BlobStore, 'read'>,
): Promise<{ tokenizer: TextTokenizer; settings: Settings }> {
  const { settings } = must(openRepository(await readModelFiles({ kept: files }, blobs)));
  return { tokenizer: must(openTokenizer(settings)), settings };
}
