import { postJob } from '#client/jobs.ts';
import { must } from '#protocol/values/refusal.ts';
import { runCommand } from './command.ts';
import type { Bench } from './figure.ts';
import { awaitJob } from './hub.ts';
import { measureBucketing, TOKENS } from './tasks/bucketing.ts';
import { openCountingLine } from './tasks/counting-line.ts';
import { makeRepository, openCheckedHub, openContributor, sentences } from './tasks/vectors.ts';

const JOB_MS_MAX = 10 * 60_000;
/** Eight small jobs, one after the other. */
const COMPARE_MS_MAX = 5 * 60_000;
/** Numbers of a vector of all-MiniLM-L6-v2. */
const HIDDEN = 384;
const SENTENCES = 4_000;
const QUICK_SENTENCES = 1_000;

/**
 * What a device sends for a sentence of a job of embeddings, its vector and all that goes with it:
 * counted on the line between a contributor and the hub, from the first byte of the job to its end.
 */
export const run: Bench = async function* (context) {
  const modelFiles = await makeRepository(context, { hidden: HIDDEN, tokens: TOKENS.most });
  const hub = await openCheckedHub(context);
  const line = await openCountingLine(hub.url, context);
  await openContributor(context, line.url);
  const items = context.quick ? QUICK_SENTENCES : SENTENCES;
  const before = line.sent();
  context.say(`${items} sentences to vectors of ${HIDDEN} numbers…`);
  const inputs = [{ name: 'sentences.txt', data: new Blob([sentences(items).join('\n')]) }];
  const options = { name: 'embed', task: { name: 'feature-extraction' }, autoStart: true } as const;
  const { id } = must(await postJob(hub.client, { modelFiles, inputs, options }));
  const done = { states: ['done'], timeoutMs: JOB_MS_MAX } as const;
  const { unitItems, units } = await awaitJob(hub, id, done);
  yield {
    figure: 'embedding-bytes',
    value: (line.sent() - before) / items,
    unit: 'bytes',
    baseline: 2_000,
    detail: { items, unitItems, units, vectorBytes: HIDDEN * 4 },
  };
  const { ratio, ...detail } = await measureBucketing(hub, modelFiles, context);
  yield { figure: 'bucketing', value: ratio, unit: 'ratio', baseline: 0.5, detail };
  const words = ['scripts/trials/compare.ts', '--hub', hub.url, '--key', hub.key];
  const said = await runCommand(['npx', 'tsx', ...words], COMPARE_MS_MAX);
  const found = JSON.parse(said) as { number: number; others: number; cases: number };
  yield {
    figure: 'pipeline-difference',
    // A word or a token that is another is no small difference.
    value: found.others === 0 ? found.number : found.others,
    unit: 'of the recorded output',
    baseline: 1e-5,
    detail: found,
  };
};
