import type { VerifierSession } from '../state/device.ts';
import type { Job } from '../state/job.ts';
import { inputsOf } from '../state/questions.ts';
import { send, type Turn } from '../turn.ts';

/** Units sent to a verifier beyond what it has judged: bounds its queue and ours. */
const UNITS_AHEAD_MAX = 262_144;

/** Sends accepted shards in order, as far ahead as the verifier's window allows. */
export function sendChecks(turn: Turn, verifier: VerifierSession): void {
  const { hub } = turn;
  const judged = hub.judged.get(verifier.key) ?? -1;
  let ahead = 0;
  for (const kept of hub.unjudged.values()) {
    if (kept.sequence <= judged) continue;
    ahead += kept.unitCount;
    if (kept.sequence <= verifier.sentThrough) continue;
    if (ahead > UNITS_AHEAD_MAX && ahead > kept.unitCount) return;
    const job = hub.jobs.get(kept.job);
    if (kept.whole !== undefined && job?.manifest !== undefined) {
      const known = verifier.manifests.has(kept.job);
      const floorPpm = checkFloor(job);
      verifier.manifests.add(kept.job);
      send(turn, verifier.socket, {
        type: 'check',
        shard: kept.whole,
        ...(known ? {} : { manifest: job.manifest }),
        inputs: inputsOf(job, kept),
        ...(floorPpm > 0 ? { floorPpm } : {}),
      });
    }
    verifier.sentThrough = kept.sequence;
  }
}

/** Sends each verifier the accepted shards it has room for. */
export function sendChecksToAll(turn: Turn): void {
  for (const verifier of turn.hub.verifiers.values()) sendChecks(turn, verifier);
}

const ALL_PPM = 1_000_000;

/** The least share of a shard's units to check, in parts per million, by its job's assurance. */
const checkFloor = ({ record }: Job): number => (record.assurance === 'full' ? ALL_PPM : 0);
