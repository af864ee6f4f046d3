import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { readTextIfThere } from '#node/files.ts';
import { Health, VerdictPage } from '#protocol/api/api.ts';
import type { SignedEpoch } from '#protocol/records/epoch.ts';
import {
  EpochPage,
  LOG_PAGE_MAX,
  LogEntryPage,
  type LoggedCommitment,
  type LoggedShard,
  SHARD_PAGE_MAX,
  ShardPage,
} from '#protocol/records/public-log.ts';
import { SignedTreeHead, type SignedVerdict } from '#protocol/records/records.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { Evidence } from '../core/audit/evidence.ts';
import type { LogLine } from '../core/state/events.ts';
import { ANSWER_BYTES_MAX, ask, readPages } from './ask.ts';
import { type HubHttp, openHubHttp } from './http.ts';
import { LogLineSchema } from './log-line.ts';

const VERDICT_PAGE_MAX = 500;
/** Together longer than the three minutes for which a hub withholds a verdict. */
const WITHHELD_PAUSE_MS = 2_000;
const WITHHELD_PAUSES_MAX = 120;

export interface AuditSource {
  epoch: number;
  hub: URL;
  insecure: boolean;
  /** A verifier's log: a file, or the address of its log page. */
  log: string;
  /** A file with the head of an earlier audit. */
  headFile?: string;
  seedHash?: Digest;
}

/** Reads everything an audit needs, into memory: about 1 kB for each entry of the log. */
export async function readEvidence(source: AuditSource): Promise<Evidence> {
  const http = openHubHttp(source.hub, source.insecure);
  // First the verifier's log: what it has told by then, the hub has had time to store.
  const lines = await readLines(source.log, source.insecure);
  const { hub } = await ask(http, Health, '/v1/health');
  const head = await ask(http, SignedTreeHead, '/v1/log/head');
  const earlier = await readHead(source.headFile);
  return {
    epoch: source.epoch,
    hub,
    lines,
    head,
    ...(earlier === undefined ? {} : { earlier }),
    ...(source.seedHash === undefined ? {} : { seedHash: source.seedHash }),
    entries: await readEntries(http, head.head.size),
    shards: await readShards(http, rangeOf(lines, source.epoch)),
    verdicts: await readVerdicts(http),
    epochs: await readEpochs(http),
  };
}

/** Sequences of a revealed epoch; none of one that is not. */
function rangeOf(lines: readonly LogLine[], epoch: number): { from: number; through: number } {
  const range = { from: 0, through: Number.NEGATIVE_INFINITY };
  for (const line of lines) {
    if (line.type !== 'epoch' || line.signed.record.epoch !== epoch) continue;
    const { record } = line.signed;
    if (record.type === 'opened') range.from = record.from;
    else if (record.type === 'revealed') range.through = record.through;
  }
  return range;
}

/** The lines of a verifier's log: a file, or the address of its log page. */
export async function readLines(log: string, insecure = false): Promise<LogLine[]> {
  const text = await readText(log, insecure);
  const lines: LogLine[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const decoded = decodeJson(LogLineSchema, line);
    if (!decoded.ok) throw new Error(`line ${at + 1} of ${log}: ${decoded.refusal.message}`);
    lines.push(decoded.value);
  }
  return lines;
}

async function readText(place: string, insecure: boolean): Promise<string> {
  if (!/^https?:\/\//.test(place)) return await readFile(place, 'utf8');
  const url = new URL(place);
  const path = url.pathname === '/' ? '/log.jsonl' : url.pathname;
  const body = await openHubHttp(url, insecure).get(path, { bytesMax: ANSWER_BYTES_MAX });
  return body.toString('utf8');
}

async function readHead(file: string | undefined): Promise<SignedTreeHead | undefined> {
  const text = file === undefined ? undefined : await readTextIfThere(file);
  if (text === undefined) return undefined;
  const decoded = decodeJson(SignedTreeHead, text);
  if (decoded.ok) return decoded.value;
  throw new PocketgridError(decoded.refusal);
}

async function readEntries(http: HubHttp, size: number): Promise<LoggedCommitment[]> {
  const found: LoggedCommitment[] = [];
  while (found.length < size) {
    const limit = Math.min(LOG_PAGE_MAX, size - found.length);
    const path = `/v1/log/entries?from=${found.length}&limit=${limit}`;
    const { commitments } = await ask(http, LogEntryPage, path);
    if (commitments.length === 0) break;
    found.push(...commitments);
  }
  return found;
}

/** Shards from the first one through the end of the epoch; before it, without their digests. */
export async function readShards(
  http: HubHttp,
  { from, through }: { from: number; through: number },
): Promise<LoggedShard[]> {
  const found: LoggedShard[] = [];
  for (let next = 0; next <= through; ) {
    const path = `/v1/log/shards?from=${next}&limit=${SHARD_PAGE_MAX}`;
    const page = await ask(http, ShardPage, path);
    for (const logged of page.shards) {
      const { shard } = logged;
      if (shard.sequence > through) return found;
      found.push(shard.sequence < from ? { ...logged, shard: { ...shard, digests: '' } } : logged);
    }
    if (page.next <= next) break;
    next = page.next;
  }
  return found;
}

/** Verdicts of all verifiers that were stored after the number `from`, page by page. */
export const readVerdictPages = (
  http: HubHttp,
  from: number,
  take: (page: { signed: SignedVerdict[]; next: number; withheld: number }) => void,
): Promise<void> =>
  readPages(from, async (after) => {
    const path = `/v1/verdicts?after=${after}&limit=${VERDICT_PAGE_MAX}`;
    const { verdicts, next, withheld } = await ask(http, VerdictPage, path);
    take({ signed: verdicts.map(({ signed }) => signed), next, withheld });
    return next;
  });

/** All verdicts. Waits for those that a hub withholds, as long as a dispute may take. */
export async function readVerdicts(
  http: HubHttp,
  pause = (): Promise<void> => setTimeout(WITHHELD_PAUSE_MS),
): Promise<SignedVerdict[]> {
  const found: SignedVerdict[] = [];
  for (let [pauses, from, held] = [0, 0, 0]; ; pauses += 1) {
    await readVerdictPages(http, from, ({ signed, next, withheld }) => {
      found.push(...signed);
      [from, held] = [next, withheld];
    });
    if (held === 0) return found;
    if (pauses >= WITHHELD_PAUSES_MAX) {
      const message = `the hub withholds ${held} verdicts for longer than a dispute takes`;
      throw new PocketgridError(refusal('busy', message));
    }
    await pause();
  }
}

export async function readEpochs(http: HubHttp): Promise<SignedEpoch[]> {
  const found: SignedEpoch[] = [];
  await readPages(0, async (after) => {
    const page = await ask(http, EpochPage, `/v1/log/epochs?after=${after}`);
    found.push(...page.epochs.map(({ signed }) => signed));
    return page.next;
  });
  return found;
}
