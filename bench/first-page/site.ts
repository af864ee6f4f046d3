import { readFile } from 'node:fs/promises';
import { openProgram, readVerifierKey } from '../command.ts';
import type { BenchContext } from '../figure.ts';
import { awaitJob, type BenchHub, createJob, openHub, repeatDigits } from '../hub.ts';
import type { Visit } from './lighthouse.ts';

const READY_MS_MAX = 120_000;
const ITEMS = 400;

/** Every page of the app by its name, with a job that is done and a developer who has a key. */
export async function openSite(context: BenchContext): Promise<Map<string, Visit>> {
  const data = `${context.folder}/site`;
  const key = await readVerifierKey(data);
  const hub = await openHub(context, data, ['--verifier-key', key]);
  const where = ['--hub', hub.url, '--data', data];
  await openProgram(['verifier/main.ts', ...where], context).hear('ready', READY_MS_MAX);
  openProgram(['worker/edge/node/main.ts', ...where], context);
  const job = await finishJob(hub);
  const paths = {
    contribute: '/',
    dashboard: '/dashboard',
    job: `/dashboard/${job}`,
    playground: '/dashboard/playground',
    models: '/dashboard/models',
    keys: '/dashboard/keys',
    webhooks: '/dashboard/webhooks',
    verdicts: '/verdicts',
    settlements: '/settlements',
    privacy: '/privacy',
    teams: '/teams',
  };
  const stored = { 'pocketgrid.developer-key': hub.key };
  return new Map(
    Object.entries(paths).map(([name, path]) => [name, { url: hub.url + path, stored }]),
  );
}

async function finishJob(hub: BenchHub): Promise<string> {
  const { id } = await createJob(hub, {
    model: await readFile('public/sample/digits.onnx'),
    inputs: await repeatDigits(ITEMS),
    options: { name: 'digits', unitItems: 4, autoStart: true },
  });
  await awaitJob(hub, id, { states: ['done'], timeoutMs: READY_MS_MAX });
  return id;
}
