import { setTimeout as sleep } from 'node:timers/promises';
import type OpenAI from 'openai';

const BATCH_MS_MAX = 15 * 60_000;
const POLL_MS = 500;

/** Posts a batch of a file, waits for its end and reads its answers. Throws unless all are there. */
export async function awaitBatch(openai: OpenAI, file: string, lines: number): Promise<void> {
  const { id } = await openai.batches.create({
    ...{ input_file_id: file, endpoint: '/v1/embeddings', completion_window: '24h' },
  });
  const until = performance.now() + BATCH_MS_MAX;
  for (;;) {
    const batch = await openai.batches.retrieve(id);
    if (batch.status === 'completed') {
      const counts = batch.request_counts;
      if (counts?.completed !== lines) throw new Error(`not all: ${JSON.stringify(batch)}`);
      const answers = await openai.files.content(batch.output_file_id ?? '');
      await answers.arrayBuffer();
      return;
    }
    const isOver = ['failed', 'expired', 'cancelled'].includes(batch.status);
    if (isOver || performance.now() > until) throw new Error(JSON.stringify(batch));
    await sleep(POLL_MS);
  }
}
