import type { HubClient } from '#client/client.ts';
import { readEpochs } from '#client/public-log.ts';
import type { SignedEpoch } from '#protocol/records/epoch.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import type { LeaseId, PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { LogLine } from '../core/state/events.ts';
import { readShards, readVerdicts } from './audit-evidence.ts';

/** What a verifier has said to a hub and lacks in its own log, in an order that a log can have. */
export async function recallLines(
  client: HubClient,
  { key, known }: { key: PublicKey; known: readonly LogLine[] },
): Promise<Result<LogLine[]>> {
  const verdicts = await readVerdicts(client);
  if (!verdicts.ok) return verdicts;
  const epochs = await readEpochs(client);
  if (!epochs.ok) return epochs;
  const own = verdicts.value.filter(({ verdict }) => verdict.verifier === key);
  const shards = own.length === 0 ? accept([]) : await readShards(client, WHOLE);
  if (!shards.ok) return shards;
  const sequences = new Map(shards.value.map(({ shard }) => [shard.lease, shard.sequence]));
  const opened = epochs.value.filter(({ record }) => record.verifier === key);
  const have = new Set(known.map(nameOf));
  const lines = orderLines(opened, own, sequences);
  return accept(lines.filter((line) => !have.has(nameOf(line))));
}

const nameOf = ({ signed }: LogLine): string => signed.signature;

/** All shards, without their digests. */
const WHOLE = { from: Number.POSITIVE_INFINITY, through: Number.POSITIVE_INFINITY };

/** Of each epoch its opening, the verdicts under its seed, and its end. */
function orderLines(
  epochs: readonly SignedEpoch[],
  verdicts: readonly SignedVerdict[],
  sequences: ReadonlyMap<LeaseId, number>,
): LogLine[] {
  const filed = verdicts.flatMap((signed): Extract<LogLine, { type: 'verdict' }>[] => {
    const sequence = sequences.get(signed.verdict.lease);
    return sequence === undefined ? [] : [{ type: 'verdict', sequence, signed }];
  });
  const numbers = new Set([
    ...epochs.map(({ record }) => record.epoch),
    ...verdicts.map(({ verdict }) => verdict.epoch),
  ]);
  return [...numbers]
    .sort((a, b) => a - b)
    .flatMap((number): LogLine[] => {
      const records = epochs.filter(({ record }) => record.epoch === number);
      const [opened, ended] = [true, false].map((first) =>
        records
          .filter(({ record }) => (record.type === 'opened') === first)
          .map((signed) => ({ type: 'epoch' as const, signed })),
      );
      const under = filed.filter(({ signed }) => signed.verdict.epoch === number);
      return [...(opened ?? []), ...under, ...(ended ?? [])];
    });
}
