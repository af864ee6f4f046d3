import { buildLlama } from '#protocol/decoders/llama.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { accept, PocketgridError, type Result } from '#protocol/values/refusal.ts';
import { readConfig, readWeights } from './decoder.ts';
import { readGguf } from './read.ts';
import { readTokenizer } from './tokenizer.ts';

/** Files of a repository by their paths. */
export type RepositoryFiles = Record<string, string | Uint8Array>;

/**
 * Makes of a GGUF file the files of a repository as Optimum exports one: `config.json`,
 * `generation_config.json`, `tokenizer.json`, `tokenizer_config.json` and `onnx/model_int8.onnx`, whose
 * linear layers have weights of 8 bits by output row. Refuses what `readGguf` refuses, and with
 * `model-format` a model or a tokenizer that is none of those it knows.
 */
export function convertGguf(bytes: Uint8Array): Result<RepositoryFiles> {
  const file = readGguf(bytes);
  if (!file.ok) return file;
  try {
    const config = readConfig(file.value);
    const weights = readWeights(file.value, config);
    const { vocab_size: vocab, max_position_embeddings: context } = config;
    const { files, ends } = readTokenizer(file.value, { vocab, context });
    const named = { architectures: ['LlamaForCausalLM'], model_type: 'llama' };
    return accept({
      'config.json': JSON.stringify({ ...named, ...config, ...ends }),
      'generation_config.json': JSON.stringify(ends),
      ...files,
      'onnx/model_int8.onnx': encodeOnnx(buildLlama(config, weights, 'int8row')),
    });
  } catch (error) {
    if (error instanceof PocketgridError) return { ok: false, refusal: error.refusal };
    throw error;
  }
}
