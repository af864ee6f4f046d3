import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { createInterface } from 'node:readline';
import { openClient } from '#client/client.ts';
import { postJob } from '#client/jobs.ts';
import { streamResults } from '#client/results.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';

/**
 * Downloads results as JSON Lines and posts a job of JSON Lines at the same time, both from a process
 * of their own. Told where on stdin: `{hub, key, job, file, width}`. Answers with `{done}`.
 */
const SILENCE_MS_MAX = 5 * 60_000;

const seconds = (since: number) => Number(((performance.now() - since) / 1_000).toFixed(1));

async function main(): Promise<void> {
  const [line] = await once(createInterface({ input: process.stdin }), 'line');
  const { hub, key, job, file, width } = JSON.parse(String(line));
  const client = openClient({ hub, key, timeoutMs: SILENCE_MS_MAX });
  const start = performance.now();
  const download = async () => {
    let received = 0;
    const range = { format: 'jsonl' } as const;
    const chunks = must(await streamResults(client, { job: job as JobId, range }));
    for await (const chunk of chunks) received += chunk.length;
    return { received, downloadSeconds: seconds(start) };
  };
  const upload = async () => {
    const data = await openAsBlob(file);
    const model = sampleModel([{ op: 'Identity', inputs: ['x'], output: 'y' }], { width });
    const posted = await postJob(client, {
      model: { name: 'model.onnx', data: new Blob([model]) },
      inputs: [{ name: 'rows.jsonl', data }],
      options: { name: 'lines' },
    });
    must(posted);
    return { sent: data.size, uploadSeconds: seconds(start) };
  };
  const [down, up] = await Promise.all([download(), upload()]);
  process.stdout.write(`${JSON.stringify({ done: true, ...down, ...up })}\n`);
}

await main();
process.exit();
