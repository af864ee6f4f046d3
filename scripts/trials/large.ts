import type { HubClient } from '#client/client.ts';
import { postJob } from '#client/jobs.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { openGraph } from '#protocol/onnx/graph.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import { must } from '#protocol/values/refusal.ts';
import { awaitEnd } from './grid.ts';

/** One over the other, with 4 bytes a weight: 576 MB, more than a device offers without proof. */
const [ROWS, COLUMNS] = [12_000, 12_000];
const ASKED = [0, 1, 4_711, ROWS - 1];

/**
 * Posts a model as large as a hub takes: y is the row of a table that x points at. Prints the rows
 * that came back as others. The contributor takes a memory trial before it gets the job.
 */
export async function tryLarge(hub: HubClient): Promise<void> {
  const model = new Blob([buildTable()]);
  const lines = ASKED.map((row) => {
    const x = Array.from({ length: ROWS }, (_, at) => (at === row ? 1 : 0));
    return JSON.stringify({ x });
  });
  const inputs = [{ name: 'rows.jsonl', data: new Blob([lines.join('\n')]) }];
  const options = { name: 'large', autoStart: true };
  const posted = must(
    await postJob(hub, { model: { name: 'large.onnx', data: model }, inputs, options }),
  );
  const job = await awaitEnd(hub, posted);
  if (job.state !== 'done') throw new Error(describeReason(job.reason));
  const results = must(await hub.bytes(`/v1/jobs/${job.id}/results`, { bytesMax: 2 ** 28 }));
  const y = must(decodeSafetensors(results)).tensors.get('y')?.data ?? new Uint8Array();
  const values = new Float32Array(y.slice().buffer);
  const wrong = ASKED.filter((row, item) => {
    const found = values.subarray(item * COLUMNS, (item + 1) * COLUMNS);
    return found.length !== COLUMNS || found.some((value, column) => value !== weight(row, column));
  });
  const modelMB = Math.round(model.size / 1e6);
  process.stdout.write(`${JSON.stringify({ modelMB, items: ASKED.length, wrong })}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

/** No two neighbours are alike, and each is a whole number: a product with 1 is exact. */
const weight = (row: number, column: number): number => ((row * 31 + column * 17) % 251) - 125;

function buildTable(): Uint8Array<ArrayBuffer> {
  const weights = new Float32Array(ROWS * COLUMNS);
  for (let row = 0, at = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1, at += 1) weights[at] = weight(row, column);
  }
  const graph = openGraph();
  const table = graph.floats('table', [ROWS, COLUMNS], weights);
  graph.node('MatMul', ['x', table], { output: 'y' });
  const value = (name: string, width: number) => ({
    name,
    dtype: 'f32' as const,
    dims: ['n', width],
  });
  return new Uint8Array(
    graph.encode({ name: 'large', inputs: [value('x', ROWS)], outputs: [value('y', COLUMNS)] }),
  );
}
