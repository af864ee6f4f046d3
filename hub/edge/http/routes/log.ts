import {
  EpochPage,
  LOG_PAGE_MAX,
  LogConsistency,
  LogEntryPage,
  LogInclusion,
  SHARD_PAGE_MAX,
  ShardPage,
} from '#protocol/records/public-log.ts';
import { SignedTreeHead } from '#protocol/records/records.ts';
import { must } from '#protocol/values/refusal.ts';
import { json, number, pageFields } from '../describe.ts';
import { readNumber, readPage } from '../query.ts';
import { type ApiPorts, anyone, type Call, type Route } from '../route.ts';

const LOG_PAGE = { most: LOG_PAGE_MAX };
const SHARD_PAGE = { most: SHARD_PAGE_MAX };
const SIZE = number('The size of the tree; as it is now where it is absent.');

/** The public log: what a hub cannot take back, and what an audit recomputes from. */
export const logRoutes = (ports: ApiPorts): Route[] => [
  anyone(
    'GET /v1/log/head',
    {
      does: 'Reads the signed head of the log of commitments as it is now.',
      answers: { 200: json({ SignedTreeHead }) },
      cost: 5,
    },
    () => ports.commitments.head(),
  ),
  anyone(
    'GET /v1/log/entries',
    {
      does: 'Reads entries of the log by their position.',
      query: pageFields('from', LOG_PAGE),
      answers: { 200: json({ LogEntryPage }) },
      cost: 5,
    },
    (call) => readEntries(ports, call),
  ),
  anyone(
    'GET /v1/log/inclusion',
    {
      does: 'Proves that the entry of an index is in the tree of a size.',
      query: { index: number('The index; 0 where it is absent.'), size: SIZE },
      answers: { 200: json({ LogInclusion }) },
      cost: 5,
    },
    (call) => readInclusion(ports, call),
  ),
  anyone(
    'GET /v1/log/consistency',
    {
      does: 'Proves that the first entries of the log are unchanged in a larger tree.',
      query: { from: number('Entries of the smaller tree; 0 where it is absent.'), to: SIZE },
      answers: { 200: json({ LogConsistency }) },
      cost: 5,
    },
    (call) => readConsistency(ports, call),
  ),
  anyone(
    'GET /v1/log/shards',
    {
      does: 'Reads accepted shards by sequence, void ones as well.',
      query: pageFields('from', SHARD_PAGE),
      answers: { 200: json({ ShardPage }) },
      cost: 5,
    },
    (call) => readShards(ports, call),
  ),
  anyone(
    'GET /v1/log/epochs',
    {
      does: 'Reads epochs that were opened and seeds that were revealed, of all verifiers.',
      query: pageFields('after', LOG_PAGE),
      answers: { 200: json({ EpochPage }) },
      cost: 5,
    },
    (call) => readEpochs(ports, call),
  ),
];

async function readEntries({ commitments: log }: ApiPorts, { query }: Call): Promise<LogEntryPage> {
  const { from, limit } = readPage(query, 'from', LOG_PAGE);
  const commitments = await log.entries(from, limit);
  return { commitments, next: from + commitments.length };
}

async function readShards({ store }: ApiPorts, { query }: Call): Promise<ShardPage> {
  const { from, limit } = readPage(query, 'from', SHARD_PAGE);
  const shards = await store.shards(from, limit);
  const last = shards.at(-1)?.shard.sequence;
  return { shards, next: last === undefined ? from : last + 1 };
}

/** Pages by number: `next` is what to ask for `after`, and stays where it is at the end. */
async function readEpochs({ store }: ApiPorts, { query }: Call): Promise<EpochPage> {
  const { from, limit } = readPage(query, 'after', LOG_PAGE);
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
