import { type DecoderConfig, type DecoderWeights, headSize } from '#protocol/decoders/config.ts';

type Row = number[];

/**
 * Logits of each token of a text by plain loops in 64 bits, without a cache: what the graph of a
 * decoder is compared with. Written from `modeling_llama.py` of transformers, not from the graph.
 */
export function plainLogits(config: DecoderConfig, weights: DecoderWeights, ids: number[]): Row[] {
  const { hidden_size: hidden, rms_norm_eps: eps } = config;
  const table = weights('model.embed_tokens.weight');
  const linear = (rows: Row[], matrix: Float32Array): Row[] =>
    rows.map((row) => times(matrix, row));
  const norm = (rows: Row[], name: string): Row[] => {
    const weight = weights(`${name}.weight`);
    return rows.map((row) => {
      const mean = row.reduce((sum, value) => sum + value ** 2, 0) / hidden;
      return row.map((value, at) => ((weight[at] ?? 0) * value) / Math.sqrt(mean + eps));
    });
  };
  let rows: Row[] = ids.map((id) => [...table.subarray(id * hidden, (id + 1) * hidden)]);
  for (let layer = 0; layer < config.num_hidden_layers; layer += 1) {
    const name = `model.layers.${layer}`;
    const part = (of: string) => weights(`${name}.${of}_proj.weight`);
    const normal = norm(rows, `${name}.input_layernorm`);
    const [queries = [], keys = [], values = []] = ['q', 'k', 'v'].map((each) =>
      linear(normal, part(`self_attn.${each}`)),
    );
    const mixed = attend(config, { queries, keys, values });
    rows = sum(rows, linear(mixed, part('self_attn.o')));
    const after = norm(rows, `${name}.post_attention_layernorm`);
    const [gates = [], ups = []] = ['gate', 'up'].map((each) => linear(after, part(`mlp.${each}`)));
    const inner = gates.map((row, at) =>
      row.map((gate, index) => (gate / (1 + Math.exp(-gate))) * (ups[at]?.[index] ?? 0)),
    );
    rows = sum(rows, linear(inner, part('mlp.down')));
  }
  const head = config.tie_word_embeddings ? table : weights('lm_head.weight');
  return linear(norm(rows, 'model.norm'), head);
}

const dot = (left: Row, right: Row): number =>
  left.reduce((total, value, at) => total + value * (right[at] ?? 0), 0);

const times = (matrix: Float32Array, row: Row): Row =>
  Array.from({ length: matrix.length / row.length }, (_, at) =>
    dot(row, [...matrix.subarray(at * row.length, (at + 1) * row.length)]),
  );

const sum = (left: Row[], right: Row[]): Row[] =>
  left.map((row, at) => row.map((value, index) => value + (right[at]?.[index] ?? 0)));

interface Heads {
  queries: Row[];
  keys: Row[];
  values: Row[];
}

/** Attention of each head over itself and what stands before, with rotary positions. */
function attend(config: DecoderConfig, { queries, keys, values }: Heads): Row[] {
  const { num_attention_heads: heads, num_key_value_heads: kvHeads, rope_theta: theta } = config;
  const size = headSize(config);
  const cut = (row: Row = [], head: number) => row.slice(head * size, (head + 1) * size);
  const turn = (row: Row, position: number): Row =>
    row.map((value, at) => {
      const half = size / 2;
      const angle = position / theta ** ((2 * (at % half)) / size);
      const other = at < half ? -(row[at + half] ?? 0) : (row[at - half] ?? 0);
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  return queries.map((row, token) =>
    Array.from({ length: heads }, (_, head) => {
      const kv = Math.floor(head / (heads / kvHeads));
      const query = turn(cut(row, head), token);
      const seen = keys.slice(0, token + 1);
      const scores = seen.map((key, at) => dot(query, turn(cut(key, kv), at)) / Math.sqrt(size));
      const most = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - most));
      const total = shares.reduce((all, share) => all + share, 0);
      return Array.from({ length: size }, (_, at) => {
        const column = values.slice(0, token + 1).map((value) => cut(value, kv)[at] ?? 0);
        return dot(shares, column) / total;
      });
    }).flat(),
  );
}
