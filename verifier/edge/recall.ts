import type { SignedEpoch } from '#protocol/records/epoch.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import type { LeaseId, PublicKey } from '#protocol/values/ids.ts';
import { accept, PocketgridError, type Result, refuse } from '#protocol/values/refusal.ts';
import type { LogLine } from '../core/state/events.ts';
import { readEpochs, readShards, readVerdicts } from './audit-evidence.ts';
import type { HubHttp } from './http.ts';

/** What a verifier has said to a hub and does not have in its own log, in an order that a log can have. */
export async function recallLines(
  http: HubHttp,
  { key, known }: { key: PublicKey; known: readonly LogLine[] },
): Promise<Result<LogLine[]>> {
  try {
    const own = (await readVerdicts(http)).filter(({ verdict }) => verdict.verifier === key);
    const epochs = (await readEpochs(http)).filter(({ record }) => record.verifier === key);
    const sequences = own.length === 0 ? new Map() : await readSequences(http);
    const have = new Set(known.map(nameOf));
    const lines = orderLines(epochs, own, sequences);
    return accept(lines.filter((line) => !have.has(nameOf(line))));
  } catch (error) {
    if (error instanceof PocketgridError) return { ok: false, refusal: error.refusal };
    return refuse('download-failed', error instanceof Error ? error.message : String(error));
  }
}

const nameOf = ({ signed }: LogLine): string => signed.signature;

async function readSequences(http: HubHttp): Promise<Map<LeaseId, number>> {
  const whole = { from: Number.POSITIVE_INFINITY, through: Number.POSITIVE_INFINITY };
  const shards = await readShards(http, whole);
  return new Map(shards.map(({ shard }) => [shard.lease, shard.sequence]));
}

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
