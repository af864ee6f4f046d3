import {
  type EpochPage,
  LOG_PAGE_MAX,
  type LogConsistency,
  type LogEntryPage,
  type LogInclusion,
  SHARD_PAGE_MAX,
  type ShardPage,
} from '#protocol/records/public-log.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import { answerJson, answerRefusal } from '../answer.ts';
import { readCount } from '../query.ts';
import type { Answer, ApiPorts, Call, Route } from '../route.ts';

/** The public log: what a hub cannot take back, and what an audit recomputes from. */
export const logRoutes = (ports: ApiPorts): Route[] => [
  route('/v1/log/head', () => answerJson(ports.commitments.head())),
  route('/v1/log/entries', (call) => readEntries(ports, call)),
  route('/v1/log/inclusion', async (call) => answerResult(await readInclusion(ports, call))),
  route('/v1/log/consistency', async (call) => answerResult(await readConsistency(ports, call))),
  route('/v1/log/shards', (call) => readShards(ports, call)),
  route('/v1/log/epochs', (call) => readEpochs(ports, call)),
];

const route = (path: string, answer: Answer): Route => ({
  method: 'GET',
  path,
  caller: 'anyone',
  cost: 5,
  answer,
});

const answerResult = (result: Result<unknown>): Response =>
  result.ok ? answerJson(result.value) : answerRefusal(result.refusal);

async function readEntries({ commitments }: ApiPorts, { query }: Call): Promise<Response> {
  const page = readPage(query, LOG_PAGE_MAX);
  if (!page.ok) return answerRefusal(page.refusal);
  const { from, limit } = page.value;
  const found = await commitments.entries(from, limit);
  return answerJson({ commitments: found, next: from + found.length } satisfies LogEntryPage);
}

async function readShards({ store }: ApiPorts, { query }: Call): Promise<Response> {
  const page = readPage(query, SHARD_PAGE_MAX);
  if (!page.ok) return answerRefusal(page.refusal);
  const { from, limit } = page.value;
  const shards = await store.shards(from, limit);
  const last = shards.at(-1)?.shard.sequence;
  return answerJson({ shards, next: last === undefined ? from : last + 1 } satisfies ShardPage);
}

/** Pages by number: `next` is what to ask for `after`, and stays where it is at the end. */
async function readEpochs({ store }: ApiPorts, { query }: Call): Promise<Response> {
  const after = readNumber(query, 'after', 0);
  if (!after.ok) return answerRefusal(after.refusal);
  const limit = readCount(query, 'limit', { otherwise: LOG_PAGE_MAX, most: LOG_PAGE_MAX });
  if (!limit.ok) return answerRefusal(limit.refusal);
  const epochs = await store.epochs(after.value, limit.value);
  const next = epochs.at(-1)?.number ?? after.value;
  return answerJson({ epochs, next } satisfies EpochPage);
}

async function readInclusion(
  { commitments }: ApiPorts,
  { query }: Call,
): Promise<Result<LogInclusion>> {
  const index = readNumber(query, 'index', 0);
  if (!index.ok) return index;
  const size = readNumber(query, 'size', commitments.head().head.size);
  return size.ok ? commitments.inclusion(index.value, size.value) : size;
}

async function readConsistency(
  { commitments }: ApiPorts,
  { query }: Call,
): Promise<Result<LogConsistency>> {
  const from = readNumber(query, 'from', 0);
  if (!from.ok) return from;
  const to = readNumber(query, 'to', commitments.head().head.size);
  return to.ok ? commitments.consistency(from.value, to.value) : to;
}

function readPage(query: URLSearchParams, most: number): Result<{ from: number; limit: number }> {
  const from = readNumber(query, 'from', 0);
  if (!from.ok) return from;
  const limit = readCount(query, 'limit', { otherwise: most, most });
  return limit.ok ? accept({ from: from.value, limit: limit.value }) : limit;
}

const readNumber = (query: URLSearchParams, name: string, otherwise: number): Result<number> =>
  readCount(query, name, { otherwise, most: Number.MAX_SAFE_INTEGER });
