import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { HubClient } from '#client/client.ts';
import { readHealth } from '#client/grid.ts';
import { readList, readPages } from '#client/pages.ts';
import { readEpochs, readLogEntries, readLogHead, readShardPage } from '#client/public-log.ts';
import { readVerdictPage } from '#client/verdicts.ts';
import { readTextIfThere } from '#node/files.ts';
import type { LoggedShard } from '#protocol/records/public-log.ts';
import { SignedTreeHead, type SignedVerdict } from '#protocol/records/records.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { accept, must, PocketgridError, type Result, refuse } from '#protocol/values/refusal.ts';
import type { Evidence } from '../core/audit/evidence.ts';
import type { LogLine } from '../core/state/events.ts';
import { openHubHttp } from './http.ts';
import { LogLineSchema } from './log-line.ts';

/** A verifier's whole log. */
const LOG_BYTES_MAX = 512 * 1024 ** 2;
/** Together longer than the three minutes for which a hub withholds a verdict. */
const WITHHELD_PAUSE_MS = 2_000;
const WITHHELD_PAUSES_MAX = 120;

/** Whose epoch is audited, and where its records are. */
export interface AuditSource {
  epoch: number;
  hub: URL;
  pin?: string | undefined;
  /** A verifier's log: a file, or the address of its log page. */
  log: string;
  /** A file with the head of an earlier audit. */
  headFile: string | undefined;
  seedHash: Digest | undefined;
}

/** Reads everything an audit needs, into memory: about 1 kB for each entry of the log. */
export async function readEvidence(source: AuditSource): Promise<Evidence> {
  const { client } = openHubHttp(source.hub, source);
  // First the verifier's log: what it has told by then, the hub has had time to store.
  const lines = await readLines(source.log);
  const { hub } = must(await readHealth(client));
  const head = must(await readLogHead(client));
  const earlier = await readHead(source.headFile);
  return {
    epoch: source.epoch,
    hub,
    lines,
    head,
    ...(earlier === undefined ? {} : { earlier }),
    ...(source.seedHash === undefined ? {} : { seedHash: source.seedHash }),
    entries: must(await readLogEntries(client, head.head.size)),
    shards: must(await readShards(client, rangeOf(lines, source.epoch))),
    verdicts: must(await readVerdicts(client)),
    epochs: must(await readEpochs(client)),
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
export async function readLines(log: string): Promise<LogLine[]> {
  const text = await readText(log);
  const lines: LogLine[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const decoded = decodeJson(LogLineSchema, line);
    if (!decoded.ok) throw new Error(`line ${at + 1} of ${log}: ${decoded.refusal.message}`);
    lines.push(decoded.value);
  }
  return lines;
}

async function readText(place: string): Promise<string> {
  if (!/^https?:\/\//.test(place)) return await readFile(place, 'utf8');
  const url = new URL(place);
  const path = url.pathname === '/' ? '/log.jsonl' : url.pathname;
  const { client } = openHubHttp(url);
  return new TextDecoder().decode(must(await client.bytes(path, { bytesMax: LOG_BYTES_MAX })));
}

async function readHead(file: string | undefined): Promise<SignedTreeHead | undefined> {
  const text = file === undefined ? undefined : await readTextIfThere(file);
  if (text === undefined) return undefined;
  const decoded = decodeJson(SignedTreeHead, text);
  if (decoded.ok) return decoded.value;
  throw new PocketgridError(decoded.refusal);
}

/** Shards from the first one through the end of the epoch; before it, without their digests. */
export async function readShards(
  client: HubClient,
  { from, through }: { from: number; through: number },
): Promise<Result<LoggedShard[]>> {
  return readList<LoggedShard>(0, async (start) => {
    const page = await readShardPage(client, start);
    if (!page.ok) return page;
    const { shards, next } = page.value;
    const items = shards
      .filter(({ shard }) => shard.sequence <= through)
      .map((logged) =>
        logged.shard.sequence < from
          ? { ...logged, shard: { ...logged.shard, digests: '' } }
          : logged,
      );
    return accept({ items, next: items.length < shards.length || next > through ? start : next });
  });
}

/** All verdicts. Waits for those that a hub withholds, as long as a dispute may take. */
export async function readVerdicts(
  client: HubClient,
  pause = (): Promise<void> => setTimeout(WITHHELD_PAUSE_MS),
): Promise<Result<SignedVerdict[]>> {
  const found: SignedVerdict[] = [];
  for (let [pauses, from, held] = [0, 0, 0]; ; pauses += 1) {
    const read = await readPages(from, async (after) => {
      const page = await readVerdictPage(client, { after });
      if (!page.ok) return page;
      for (const { signed } of page.value.verdicts) found.push(signed);
      held = page.value.withheld;
      return accept(page.value.next);
    });
    if (!read.ok) return read;
    from = read.value;
    if (held === 0) return accept(found);
    if (pauses >= WITHHELD_PAUSES_MAX) {
      const message = `the hub withholds ${held} verdicts for longer than a dispute takes`;
      return refuse('busy', message);
    }
    await pause();
  }
}
