import {
  type EpochPage,
  LOG_PAGE_MAX,
  type LogConsistency,
  type LogEntryPage,
  type LogInclusion,
  SHARD_PAGE_MAX,
  type ShardPage,
} from '#protocol/records/public-log.ts';
import { must } from '#protocol/values/refusal.ts';
import { readNumber, readPage } from '../query.ts';
import { type ApiPorts, anyone, type Call, type Route } from '../route.ts';

/** The public log: what a hub cannot take back, and what an audit recomputes from. */
export const logRoutes = (ports: ApiPorts): Route[] => [
  anyone('GET /v1/log/head', () => ports.commitments.head(), 5),
  anyone('GET /v1/log/entries', (call) => readEntries(ports, call), 5),
  anyone('GET /v1/log/inclusion', (call) => readInclusion(ports, call), 5),
  anyone('GET /v1/log/consistency', (call) => readConsistency(ports, call), 5),
  anyone('GET /v1/log/shards', (call) => readShards(ports, call), 5),
  anyone('GET /v1/log/epochs', (call) => readEpochs(ports, call), 5),
];

async function readEntries({ commitments: log }: ApiPorts, { query }: Call): Promise<LogEntryPage> {
  const { from, limit } = readPage(query, 'from', { most: LOG_PAGE_MAX });
  const commitments = await log.entries(from, limit);
  return { commitments, next: from + commitments.length };
}

async function readShards({ store }: ApiPorts, { query }: Call): Promise<ShardPage> {
  const { from, limit } = readPage(query, 'from', { most: SHARD_PAGE_MAX });
  const shards = await store.shards(from, limit);
  const last = shards.at(-1)?.shard.sequence;
  return { shards, next: last === undefined ? from : last + 1 };
}

/** Pages by number: `next` is what to ask for `after`, and stays where it is at the end. */
async function readEpochs({ store }: ApiPorts, { query }: Call): Promise<EpochPage> {
  const { from, limit } = readPage(query, 'after', { most: LOG_PAGE_MAX });
  const epochs = await store.epochs(from, limit);
  return { epochs, next: epochs.at(-1)?.number ?? from };
}

async function readInclusion({ commitments }: ApiPorts, { query }: Call): Promise<LogInclusion> {
  const size = readNumber(query, 'size', commitments.head().head.size);
  return must(await commitments.inclusion(readNumber(query, 'index', 0), size));
}

async function readConsistency(
  { commitments }: ApiPorts,
  { query }: Call,
): Promise<LogConsistency> {
  const to = readNumber(query, 'to', commitments.head().head.size);
  return must(await commitments.consistency(readNumber(query, 'from', 0), to));
}
