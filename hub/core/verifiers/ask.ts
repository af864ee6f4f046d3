import type { AcceptedShard } from '#protocol/records/records.ts';
import type { VerifierSession } from '../state/device.ts';
import type { Job } from '../state/job.ts';
import { send, type Turn } from '../turn.ts';

interface Asked {
  job: Job | undefined;
  shard: AcceptedShard;
  units: number[];
}

/** Has a verifier judge these units, whatever was drawn. Says whether it could be asked. */
export function askUnits(turn: Turn, verifier: VerifierSession, asked: Asked): boolean {
  const { job, shard, units } = asked;
  if (job?.manifest === undefined) return false;
  verifier.manifests.add(shard.package);
  const { manifest, record } = job;
  send(turn, verifier.socket, {
    type: 'check',
    shard,
    manifest,
    inputs: record.inputs,
    units,
  });
  return true;
}

/** The same, once a session under this name. */
export function askOnce(
  turn: Turn,
  verifier: VerifierSession,
  { name, ...asked }: Asked & { name: string },
): boolean {
  if (verifier.opinionsAsked.has(name) || !askUnits(turn, verifier, asked)) return false;
  verifier.opinionsAsked.add(name);
  return true;
}
