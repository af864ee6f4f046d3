import type { BlobRef } from '#protocol/models/package.ts';
import type { JobId, Root } from '#protocol/values/ids.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Database, Statement } from './database/port.ts';
import { WORD } from './words.ts';

/** What named a blob that belongs to no job. */
const NO_JOB = '';
/** The number that stands for no job now: words count from 1. */
const NO_WORD = 0;

/** Which jobs name which blobs: written with the facts that say so, and made of no others. */
export const BLOB_NAMES: string[] = [
  'create table blob_name (root text, job text, primary key (root, job)) without rowid',
  ...['inputs', 'inputDigests', 'draft.file'].map(
    (place) => `insert or ignore into blob_name
      select body->>'$.record.${place}.root', job from fact
        where type in ('job-created', 'job-recut')
          and body->>'$.record.${place}.root' is not null`,
  ),
  `insert or ignore into blob_name
    select variant.value->>'$.file.root', job
    from fact, json_each(fact.body, '$.manifest.variants') as variant
      where fact.type = 'job-packaged'`,
  ...['inputs', 'outputs'].map(
    (place) => `insert or ignore into blob_name
      select answer.value->>'$.${place}.root', job
      from fact, json_each(fact.body, '$.manifest.knownAnswers') as answer
        where fact.type = 'job-packaged'`,
  ),
  `insert or ignore into blob_name
    select body->>'$.root', '${NO_JOB}' from fact where type = 'leaf-file'`,
];

/** Writes down which blobs these facts name. */
export function nameBlobs(facts: readonly Fact[]): Statement[] {
  return facts.flatMap((fact) => {
    const named = refsOf(fact);
    if (named === undefined) return [];
    const job = named.job === undefined ? `${NO_WORD}` : WORD;
    const sql = `insert or ignore into blob_name (root, job) values (?, ${job})`;
    return named.refs.map(({ root }) => ({ sql, args: [root, named.job ?? []].flat() }));
  });
}

/** The blobs that a fact names, and the job they belong to if they belong to one. */
function refsOf(fact: Fact): { job?: JobId; refs: Pick<BlobRef, 'root'>[] } | undefined {
  if (fact.type === 'leaf-file') return { refs: [fact] };
  if (fact.type === 'job-created' || fact.type === 'job-recut') {
    const { id, inputs, inputDigests, draft, itemNames = [], leftOut = [], task } = fact.record;
    const files = [draft.file, itemNames, leftOut, task?.settings ?? []];
    return { job: id, refs: [inputs, inputDigests, files].flat(2) };
  }
  if (fact.type === 'inputs-added') return { job: fact.job, refs: [fact.inputs] };
  if (fact.type === 'items-failed') {
    return fact.mended && { job: fact.job, refs: [fact.mended.blob] };
  }
  if (fact.type !== 'job-packaged') return undefined;
  const { variants, knownAnswers } = fact.manifest;
  const answers = knownAnswers.flatMap(({ inputs, outputs }) => [inputs, outputs]);
  return { job: fact.job, refs: [...variants.map(({ file }) => file), ...answers] };
}

/** Whether a job, or a leaf file, names this blob. */
export const namesBlob = async ({ read }: Database, root: Root): Promise<boolean> =>
  (await read('select job from blob_name where root = ? limit 1', root)).length > 0;

/** The jobs that name it. */
export async function jobsNaming({ read }: Database, root: Root): Promise<JobId[]> {
  const sql = `select word.text as job from blob_name join word on word.number = blob_name.job
    where root = ?`;
  return (await read<{ job: JobId }>(sql, root)).map(({ job }) => job);
}
