import * as v from 'valibot';
import { ItemNames } from '#protocol/files/item-names.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import { isPictureTask } from '#protocol/tasks/task.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { FileFault, must } from '#protocol/values/refusal.ts';
import type { Job } from '../../core/hub.ts';
import type { ResultSource } from '../results/encode.ts';
import { readGiven } from '../results/given.ts';
import type { ApiPorts } from './route.ts';

/** Opens what there is of the results of a job. */
export async function openResults(
  ports: Pick<ApiPorts, 'store' | 'blobs' | 'threads'>,
  job: Job,
): Promise<ResultSource> {
  const { store, blobs, threads } = ports;
  const { itemNames, leftOut, task } = job.record;
  const print: ResultSource['print'] =
    task === undefined
      ? (tensors, extras) => threads.printLines({ tensors, extras })
      : async (outputs, extras, items) => {
          const isOfPictures = isPictureTask(task.options.name);
          const inputs = isOfPictures ? new Map() : await readGiven(blobs, job, items);
          return threads.printAnswers({ task, items: { outputs, inputs, from: items[0] }, extras });
        };
  return {
    failed: job.failed,
    names: itemNames && (await readJson(blobs, ItemNames, itemNames)),
    leftOut: leftOut && (await readJson(blobs, v.array(FileFault), leftOut)),
    shards: (units) => store.results(job.record.id, units),
    spans: (units) => store.spans(job.record.id, units),
    print,
  };
}

async function readJson<S extends v.GenericSchema>(
  blobs: Pick<ApiPorts['blobs'], 'read'>,
  schema: S,
  { root, length }: BlobRef,
): Promise<v.InferOutput<S>> {
  const bytes = must(await blobs.read(root, 0, length));
  return must(decodeJson(schema, new TextDecoder().decode(bytes), 'internal'));
}
