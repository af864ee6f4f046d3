import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startJob } from '#client/jobs.ts';
import { must } from '#protocol/values/refusal.ts';
import { openProgram, readVerifierKey } from '../command.ts';
import type { BenchContext, Figure } from '../figure.ts';
import { awaitJob, createJob, openHub, repeatDigits } from '../hub.ts';

const STRANGERS = 1_000;
/** More than strangers and the visitor take at once. */
const ITEMS = 20_000;
const ANSWER_MS_MAX = 180_000;
const WAIT_MS_MAX = 300_000;
const GOAL_SECONDS = 60;

/**
 * A thousand devices that all ask for work and send random bytes, on a fresh grid with the limit on
 * newcomers that a hub has by itself; then an honest contributor comes: from its start until its
 * first shard is accepted.
 */
export async function measureNewcomer(context: BenchContext): Promise<Figure> {
  const folder = join(context.folder, 'newcomer');
  const data = ['--data', join(folder, 'verifier')];
  const key = await readVerifierKey(join(folder, 'verifier'));
  const hub = await openHub(context, join(folder, 'hub'), ['--verifier-key', key]);
  openProgram(['verifier/main.ts', '--hub', hub.url, ...data], context);
  const job = await createJob(hub, {
    model: await readFile('public/sample/digits.onnx'),
    inputs: await repeatDigits(ITEMS),
    options: { name: 'beside strangers', unitItems: 1 },
  });
  await awaitJob(hub, job.id, { states: ['quoted'], timeoutMs: ANSWER_MS_MAX });
  must(await startJob(hub.client, job.id));
  const strangers = openProgram(['bench/flood/strangers.ts'], context);
  strangers.tell({ hub: hub.url, open: STRANGERS });
  await strangers.hear('working', ANSWER_MS_MAX);
  const own = ['--hub', hub.url, '--data', join(folder, 'visitor')];
  const seconds = await untilAccepted(context, own);
  const { newcomers } = (await (await fetch(new URL('/v1/grid', hub.url))).json()) as {
    newcomers: { places: number; taken: number; waiting: number };
  };
  return {
    figure: 'newcomer-seconds',
    value: seconds,
    unit: 's',
    baseline: GOAL_SECONDS,
    detail: { strangers: STRANGERS, ...newcomers },
  };
}

/** Starts a contributor; seconds until the hub has accepted a shard of it. */
async function untilAccepted({ defer }: BenchContext, words: readonly string[]): Promise<number> {
  const started = performance.now();
  const program = ['--import', 'tsx', 'worker/edge/node/main.ts', ...words];
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
  defer(async () => void child.kill('SIGTERM'));
  const signal = AbortSignal.timeout(WAIT_MS_MAX);
  signal.addEventListener('abort', () => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('accepted ')) return (performance.now() - started) / 1000;
  }
  throw new Error(`the visitor ended, or waited ${WAIT_MS_MAX / 1000} s, before it had any work`);
}
