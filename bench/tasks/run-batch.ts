import { setTimeout as sleep } from 'node:timers/promises';
import { type OpenAI, toFile } from 'openai';

const BATCH_MS_MAX = 15 * 60_000;
const POLL_MS = 500;

/** Posts a batch of these texts, waits for its end and reads its answers. Throws unless all are there. */
export async function runBatch(
  openai: OpenAI,
  model: string,
  texts: readonly string[],
): Promise<{ id: string }> {
  const lines = texts.map((input, at) => {
    const body = { model, input };
    return JSON.stringify({ custom_id: `${at}`, method: 'POST', url: '/v1/embeddings', body });
  });
  const file = await openai.files.create({
    file: await toFile(new Blob([lines.join('\n')]), 'lines.jsonl'),
    purpose: 'batch',
  });
  const { id } = await openai.batches.create({
    ...{ input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' },
  });
  const until = performance.now() + BATCH_MS_MAX;
  for (;;) {
    const batch = await openai.batches.retrieve(id);
    if (batch.status === 'completed') {
      const counts = batch.request_counts;
      if (counts?.completed !== texts.length) throw new Error(`not all: ${JSON.stringify(batch)}`);
      const answers = await openai.files.content(batch.output_file_id ?? '');
      await answers.arrayBuffer();
      return { id };
    }
    const isOver = ['failed', 'expired', 'cancelled'].includes(batch.status);
    if (isOver || performance.now() > until) throw new Error(JSON.stringify(batch));
    await sleep(POLL_MS);
  }
}
