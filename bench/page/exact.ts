import { type ExactJob, type ExactMessage, runCases } from './exact-cases.ts';
import { loadRuntime, readBytes } from './session.ts';

/** Posts each message to the bench as it comes: no browser driver is needed to hear it. */
async function post(message: ExactMessage): Promise<void> {
  await fetch(`/exact${location.search}`, { method: 'POST', body: JSON.stringify(message) });
}

async function runJob(): Promise<void> {
  const read = (file: string) => readBytes(`/models/${file}`);
  const name = new URLSearchParams(location.search).get('job') ?? '';
  const job = JSON.parse(new TextDecoder().decode(await read(`${name}.json`))) as ExactJob;
  const ort = await loadRuntime(job.threads);
  for await (const message of runCases(ort, job, read)) await post(message);
}

runJob().catch((error: unknown) => post({ type: 'failed', reason: String(error) }));
