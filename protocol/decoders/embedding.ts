import { intAttribute, intsAttribute } from '../onnx/model.ts';
import { type Build, integers, once, toFloat } from './build.ts';
import { addLinear } from './linear.ts';
import { addRows, type Matrix } from './quantise.ts';

/** Rows of the embedding: i64 [batch, sequence] → f32 [batch, sequence, hidden]. */
export function addEmbedding(build: Build, ids: string): string {
  const { graph, precision } = build;
  if (precision === 'f32') return graph.node('Gather', [addTable(build), ids]);
  // The columns of a transposed table: so the head multiplies with the same bytes.
  const { rows, scales } = addRows(build, embeddingOf(build));
  const axis = { attributes: [intAttribute('axis', 1)] };
  const columns = graph.node('Gather', [rows, ids], axis);
  const perm = { attributes: [intsAttribute('perm', [1, 2, 0])] };
  const values = toFloat(build, graph.node('Transpose', [columns], perm));
  const steps = graph.node('Gather', [scales, ids]);
  return graph.node('Mul', [values, graph.node('Unsqueeze', [steps, integers(build, -1)])]);
}

/** The head: f32 [batch, sequence, hidden] → `logits` f32 [batch, sequence, vocab]. */
export function addHead(build: Build, input: string): void {
  const { graph, config, precision } = build;
  const matrix = embeddingOf(build);
  if (!config.tie_word_embeddings) {
    addLinear(build, input, { ...matrix, name: 'lm_head.weight', output: 'logits' });
  } else if (precision === 'int8row') addLinear(build, input, { ...matrix, output: 'logits' });
  else {
    const flat = graph.node('Reshape', [input, integers(build, -1, matrix.from)]);
    const attributes = [intAttribute('transB', 1)];
    const product = graph.node('Gemm', [flat, addTable(build)], { attributes });
    const ends = [intAttribute('start', 0), intAttribute('end', 2)];
    const rows = graph.node('Shape', [input], { attributes: ends });
    const axis = { attributes: [intAttribute('axis', 0)] };
    const shape = graph.node('Concat', [rows, integers(build, matrix.to)], axis);
    graph.node('Reshape', [product, shape], { output: 'logits' });
  }
}

const embeddingOf = ({ config }: Build): Matrix => ({
  ...{ name: 'model.embed_tokens.weight', from: config.hidden_size, to: config.vocab_size },
});

const addTable = (build: Build): string => {
  const { name, from, to } = embeddingOf(build);
  return once(build, name, () => build.graph.floats(name, [to, from], build.weights(name)));
};
