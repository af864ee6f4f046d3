import type { AcceptedShard } from '#protocol/records/records.ts';
import type { VerifierSession } from '../state/device.ts';
import type { Job } from '../state/job.ts';
import { inputsOf } from '../state/questions.ts';
import { send, type Turn } from '../turn.ts';

/** Has a verifier judge these units, whatever was drawn, once a session under this name. */
export function askOnce(
  turn: Turn,
  { socket, manifests, opinionsAsked }: VerifierSession,
  asked: { name: string; job: Job | undefined; shard: AcceptedShard; units: number[] },
): void {
  const { name, job, shard, units } = asked;
  if (job?.manifest === undefined || opinionsAsked.has(name)) return;
  manifests.add(shard.job);
  opinionsAsked.add(name);
  const { manifest } = job;
  const inputs = inputsOf(job, shard);
  send(turn, socket, { type: 'check', shard, manifest, inputs, units });
}
