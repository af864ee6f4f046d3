import type * as v from 'valibot';
import { JobView } from '#protocol/api/job.ts';
import type { MoneyFacts } from '#protocol/settlement/epoch-leaves.ts';
import {
  type Address,
  ChainView,
  ClosingPage,
  ConvictionPage,
  DevicePay,
  EarningShardPage,
  EndedJobPage,
  LeafFileList,
  type LeafFileView,
  LeafProof,
  MONEY_PAGE_MAX,
  PayoutPage,
  type PayoutRequest,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import { addPay, FACTS_NONE } from '../../core/money/facts.ts';
import { ask, askBlob, type KeyedRequest, tell } from '../hub-api.ts';

/** Pages of one list that are read at most: a million facts. */
const PAGES_MAX = 1_000;
const LEAF_FILES = 50;

/** Which chain and pool this grid settles in; `chain-missing` where it pays nothing. */
export const fetchChain = (): Promise<Result<ChainView>> => ask('/v1/chain', ChainView);

/** The hub reads the escrow on the chain; then the job may start. */
export const fundJob = ({ key, job }: KeyedRequest, poster: Address): Promise<Result<JobView>> =>
  ask(`/v1/jobs/${job}/fund`, JobView, { key, method: 'POST', body: { poster } });

/** Tells the hub that the poster has asked for the rest, which it then reads on the chain. */
export const noteClosing = (job: JobId): Promise<Result<true>> =>
  tell(`/v1/jobs/${job}/closing`, { method: 'POST' });

/** Has a device's pay go to an address. */
export const linkPayout = (request: PayoutRequest): Promise<Result<PayoutView>> =>
  ask('/v1/payouts', PayoutView, { method: 'POST', body: request });

/** All public facts about the pay of one device. */
export function fetchPay(device: PublicKey): Promise<Result<MoneyFacts>> {
  return readPages(FACTS_NONE, async (facts, from) => {
    const path = `/v1/devices/${device}/pay?from=${from}&limit=${MONEY_PAGE_MAX}`;
    const page = await ask(path, DevicePay);
    if (!page.ok) return page;
    const { next } = page.value;
    return accept({ value: addPay(facts, page.value), next });
  });
}

/** All public facts about money, shard by shard of every funded job that has ended. */
export async function fetchFacts(onJobs: (done: number, all: number) => void) {
  const [jobs, payouts, convictions, closings] = await Promise.all([
    fetchList('/v1/log/jobs', EndedJobPage, ({ jobs }) => jobs),
    fetchList('/v1/log/payouts', PayoutPage, ({ payouts }) => payouts),
    fetchList('/v1/log/convictions', ConvictionPage, ({ convictions }) => convictions),
    fetchList('/v1/log/closings', ClosingPage, ({ closings }) => closings),
  ]);
  if (!jobs.ok) return jobs;
  if (!payouts.ok) return payouts;
  if (!convictions.ok) return convictions;
  if (!closings.ok) return closings;
  const shards: MoneyFacts['shards'][number][] = [];
  for (const [done, { id }] of jobs.value.entries()) {
    onJobs(done, jobs.value.length);
    const found = await fetchShards(id);
    if (!found.ok) return found;
    shards.push(...found.value);
  }
  const facts: MoneyFacts = {
    jobs: jobs.value,
    shards,
    payouts: payouts.value,
    convictions: convictions.value,
    closings: closings.value,
  };
  return accept(facts);
}

const fetchShards = (job: JobId) =>
  readPages([] as MoneyFacts['shards'][number][], async (known, from) => {
    const path = `/v1/log/jobs/${job}/shards?from=${from}&limit=${MONEY_PAGE_MAX}`;
    const page = await ask(path, EarningShardPage);
    if (!page.ok) return page;
    const { shards, next } = page.value;
    known.push(...shards);
    return accept({ value: known, next });
  });

/** Files of leaves that verifiers left, newest first. */
export async function fetchLeafFiles(): Promise<Result<LeafFileView[]>> {
  const list = await ask(`/v1/settlements?limit=${LEAF_FILES}`, LeafFileList);
  return list.ok ? accept(list.value.settlements) : list;
}

export async function fetchLeaves(dataHash: Digest): Promise<Result<Uint8Array>> {
  const file = await askBlob(`/v1/settlements/${dataHash}/leaves`);
  return file.ok ? accept(new Uint8Array(await file.value.arrayBuffer())) : file;
}

/** A leaf of an epoch and what leads from it to the root. */
export const fetchProof = (
  dataHash: Digest,
  side: 'claims' | 'spends',
  index: number,
): Promise<Result<LeafProof>> => ask(`/v1/settlements/${dataHash}/${side}/${index}`, LeafProof);

const fetchList = <S extends v.GenericSchema<unknown, { next: number }>, T>(
  path: string,
  schema: S,
  itemsOf: (page: v.InferOutput<S>) => readonly T[],
): Promise<Result<T[]>> =>
  readPages([] as T[], async (known, after) => {
    const page = await ask(`${path}?after=${after}&limit=${MONEY_PAGE_MAX}`, schema);
    if (!page.ok) return page;
    known.push(...itemsOf(page.value));
    return accept({ value: known, next: page.value.next });
  });

/** Reads on from 0 until a page leads no further. */
async function readPages<T>(
  start: T,
  read: (known: T, from: number) => Promise<Result<{ value: T; next: number }>>,
): Promise<Result<T>> {
  let [known, from] = [start, 0];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await read(known, from);
    if (!answer.ok) return answer;
    known = answer.value.value;
    if (answer.value.next <= from) break;
    from = answer.value.next;
  }
  return accept(known);
}
