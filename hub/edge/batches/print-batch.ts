import { randomBytes } from 'node:crypto';
import type { BatchLine } from '#protocol/openai/batch.ts';
import { sayEmbedding } from '#protocol/openai/embeddings.ts';
import { readNumber } from '#protocol/tensors/element.ts';
import { elementCount, type Tensor } from '#protocol/tensors/tensor.ts';

/** Lines whose texts are all computed, and the vectors of those, one after the other. */
export interface BatchAnswers {
  lines: readonly BatchLine[];
  vectors: Tensor;
  model: string;
}

const idOf = (kind: string): string => `${kind}_${randomBytes(12).toString('hex')}`;

/** The answers of each line, as the body of an answer of OpenAI's API. */
export function* sayAnswers({ lines, vectors, model }: BatchAnswers) {
  const { dtype, shape, data } = vectors;
  const width = elementCount(shape.slice(1));
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const vectorOf = (item: number) =>
    Float32Array.from({ length: width }, (_, at) =>
      Number(readNumber(dtype, view, item * width + at)),
    );
  let item = 0;
  for (const { custom_id, texts, tokens, encoding, dimensions } of lines) {
    const cut = dimensions === undefined ? {} : { dimensions };
    const embeddings = Array.from({ length: texts }, (_, index) =>
      sayEmbedding(vectorOf(item++), { index, encoding, ...cut }),
    );
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    yield { custom_id, body: { object: 'list', data: embeddings, model, usage } };
  }
}

/** Lines of the output file (OpenAI, Batch, request output object). */
export const printBatch = (answers: BatchAnswers): string =>
  Array.from(sayAnswers(answers), ({ custom_id, body }) => {
    const response = { status_code: 200, request_id: idOf('req'), body };
    return `${JSON.stringify({ id: idOf('batch_req'), custom_id, response, error: null })}\n`;
  }).join('');
