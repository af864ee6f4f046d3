import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { HubClient } from '#client/client.ts';
import type { JobUpload } from '#client/jobs.ts';
import { listModels } from '#client/models.ts';
import { hasCode } from '#node/files.ts';
import { ModelName } from '#protocol/api/models.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { chooseVariant } from '../repository/choose.ts';
import { fetchFiles } from '../repository/fetch-files.ts';
import { openFolder } from '../repository/folder.ts';
import type { World } from '../world.ts';
import { type JobFlags, readOptions } from './job-flags.ts';

/** Reads what a command line posts: the model or its id, the inputs and the options. */
export async function readUpload(
  hub: HubClient,
  flags: JobFlags,
  { world, isStarted }: { world: World; isStarted: boolean },
): Promise<JobUpload> {
  const isFetched = flags['inputs-url'] !== undefined;
  if (isFetched === flags.inputs.length > 0) {
    throw fault(
      'request-invalid',
      'name files of inputs, or one address of them: --inputs-url URL',
    );
  }
  const options = readOptions(flags, isStarted);
  const inputs = [];
  for (const path of flags.inputs) inputs.push(await openInput(path));
  if (await isThere(flags.model)) {
    return { modelFiles: await readModelFiles(hub, flags, world), inputs, options };
  }
  return { inputs, options: { ...options, model: readModelName(flags.model) } };
}

async function openInput(path: string): Promise<{ name: string; data: Blob }> {
  const found = await stat(path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) throw error;
    throw fault('request-invalid', `there is no ${path}; name the files of inputs`);
  });
  if (found.isFile()) return { name: basename(path), data: await openAsBlob(path) };
  throw fault('request-invalid', `${path} is no file; name the files in it: ${path}/*`);
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function readModelName(text: string): string {
  if (text.startsWith('hf:')) {
    const message = `the hub has to keep the model first; do: pocketgrid model add ${text}, then --model ${text.slice(3)}`;
    throw fault('model-unknown', message);
  }
  const name = decodeWith(ModelName, text);
  if (name.ok) return name.value;
  const message = `there is no ${text}; name a folder, an ONNX file, or a model of the hub (pocketgrid model list)`;
  throw fault('model-unknown', message);
}

/** The files of a model on this disk; without a task those that say how it is used stay here. */
async function readModelFiles(hub: HubClient, { model, dtype, task }: JobFlags, world: World) {
  const repository = await openFolder(model);
  const { limits } = must(await listModels(hub, { signal: world.signal }));
  const variant = must(chooseVariant(repository, limits, dtype));
  return fetchFiles(repository, { variant, limits, world, isBare: task === undefined });
}

/** What an upload is known by: SHA-256 of its options and of the bytes of its files. */
export async function digestUpload({ modelFiles = [], inputs, options }: JobUpload) {
  const whole = createHash('sha256').update(JSON.stringify(options));
  for (const { name, data } of [...modelFiles, ...inputs]) {
    const one = createHash('sha256');
    for await (const chunk of data.stream()) one.update(chunk);
    whole.update(JSON.stringify([name, data.size, one.digest('hex')]));
  }
  return whole.digest('hex');
}
