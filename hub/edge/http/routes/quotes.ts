import { Estimate, QuoteRequest } from '#protocol/api/quotes.ts';
import { describeNotes, describeReason } from '#protocol/api/sentences.ts';
import { isPictureTask } from '#protocol/tasks/task.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { must, PocketgridError } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import { estimate, type Job, likeJob, obstaclesOf } from '../../../core/hub.ts';
import { bucketOf } from '../../tasks/token-rows.ts';
import { reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { checkBudget } from '../budget.ts';
import { json } from '../describe.ts';
import { readJob } from '../job-access.ts';
import { findModel } from '../kept-models.ts';
import { type ApiPorts, type KeyCall, type Route, reader } from '../route.ts';
import { setupOf } from '../setup.ts';

const BODY_BYTES_MAX = 256 * 1024;

/** What a job would cost that is not posted. */
export function quoteRoutes(ports: ApiPorts): Route[] {
  const description = {
    does: 'Says what a job of a kept model would cost and take, and whether it is possible now. Nothing is posted.',
    body: json({ QuoteRequest }),
    answers: { 200: json({ Estimate }) },
    cost: 5,
  };
  return [reader('POST /v1/quotes', description, (call) => answer(ports, call))];
}

async function answer(ports: ApiPorts, { request, key }: KeyCall): Promise<Estimate> {
  const asked = await readJson(QuoteRequest, request, BODY_BYTES_MAX);
  const { model, items, unitPrice = lamports(0n), assurance = 'instant' } = asked;
  const { priceMax, devices } = asked;
  const { files } = await findModel(ports.store.models, model);
  if (unitPrice !== '0') must(await ports.settlement.view());
  const jobs =
    ports.hub.setups.get(setupOf(files, asked)) ?? new Map<number, Job['record']['id']>();
  const found = chooseLength([...jobs], asked);
  const prepared = found && (await readJob(ports, found));
  if (prepared === undefined) return say([whyUnprepared(jobs, asked)]);
  const job = likeJob(prepared, {
    ...{ items, unitPrice, assurance },
    ...(priceMax && { priceMax }),
    ...(devices && { devices }),
  });
  const { units } = job.record;
  const overspent = await budgetProblem(() => checkBudget(ports, key, { items, units, unitPrice }));
  const obstacles = [...obstaclesOf(ports.hub, job), ...overspent];
  const quote = estimate(ports.hub, job);
  return { ...say(obstacles, quote), ...(quote && { quote }), job: prepared.record.id };
}

/** The job whose rows are as long as those of texts of so many tokens would be. */
function chooseLength<Id>(jobs: readonly [number, Id][], asked: QuoteRequest): Id | undefined {
  const { task, tokens } = asked;
  if (task === undefined || isPictureTask(task.name)) return jobs[0]?.[1];
  if (tokens === undefined) {
    const message = 'name how many tokens the longest text has: all rows of a job are as long';
    return reject('request-invalid', message, 'tokens');
  }
  const most = bucketOf(tokens);
  const fitting = jobs.filter(([length]) => length >= tokens && length <= most);
  return fitting.sort(([a], [b]) => a - b)[0]?.[1];
}

function whyUnprepared(
  jobs: ReadonlyMap<number, unknown>,
  { model, tokens = 0 }: QuoteRequest,
): Reason {
  if (jobs.size === 0) return why('model-unprepared', { model });
  const lengths = [...jobs.keys()].sort((a, b) => a - b).join(', ');
  return why('length-unprepared', { tokens: bucketOf(tokens), lengths });
}

async function budgetProblem(check: () => Promise<void>): Promise<Reason[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof PocketgridError) || error.refusal.code !== 'budget-spent') throw error;
    return [why('budget-spent', { text: error.refusal.message })];
  }
}

function say(reasons: Reason[], quote?: Estimate['quote']): Omit<Estimate, 'quote' | 'job'> {
  const possible = reasons.length === 0;
  const message = possible
    ? `possible now: ${quote === undefined ? '' : describeNotes(quote)}`
    : `not possible now: ${reasons.map(describeReason).join('; ')}`;
  return { possible, reasons, message };
}
