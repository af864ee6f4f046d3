import { digestAt } from '#protocol/bytes/digest.ts';
import { DISTANCE_MAX } from '#protocol/checks/comparison.ts';
import type { Verdict } from '#protocol/records/records.ts';
import type { Finding } from '../kinds/kind.ts';
import type { FiledVerdict } from '../state/events.ts';
import type { Pending, UnitCheck } from '../state/verifier.ts';
import { countName, isCounted, weighCheck } from '../trust/deviations.ts';
import { resetDevice } from '../trust/standing.ts';
import { persist, say, type Turn } from '../turn.ts';

/** Signs a finding and writes it down; it is sent when it is on disk. */
export function fileVerdict(
  turn: Turn,
  decided: { pending: Pending; check: UnitCheck; finding: Finding },
): void {
  const { verifier } = turn;
  const { pending, check } = decided;
  const { shard } = pending;
  const first = check.filed === undefined;
  if (first && isCounted(decided.finding)) {
    if (isHeld(turn, pending, check)) {
      check.stage = 'deciding';
      return;
    }
    verifier.numbering.set(countName(shard), check);
  }
  const filed = check.filed ?? signVerdict(turn, decided);
  const { verdict } = filed.signed;
  if (verdict.kind === 'mismatch') resetDevice(verifier.standings, shard.device);
  check.filed = filed;
  check.references = [];
  delete check.claim;
  delete check.print;
  check.stage = 'filing';
  const lines = [{ type: 'verdict', ...filed }] as const;
  persist(turn, { type: 'verdict', sequence: shard.sequence, check }, { lines });
  if (first) announce(turn, verdict, check);
}

/**
 * Whether another verdict on the same GPU is signed and not on disk yet. One at a time, a number
 * that is lost in a crash is the last one, and is given again.
 */
function isHeld({ verifier }: Turn, { shard }: Pending, check: UnitCheck): boolean {
  const other = verifier.numbering.get(countName(shard));
  if (other === undefined || other === check) return false;
  const isQueued = () => verifier.queue.some(({ units }) => units.includes(other));
  return other.stage === 'filing' || isQueued();
}

function signVerdict(
  turn: Turn,
  { pending, check, finding }: { pending: Pending; check: UnitCheck; finding: Finding },
): FiledVerdict {
  const { verifier, world } = turn;
  const { shard } = pending;
  const verdict: Verdict = {
    verifier: verifier.config.key,
    job: shard.job,
    unit: check.unit,
    lease: shard.lease,
    device: shard.device,
    ...(shard.class === undefined ? {} : { class: shard.class }),
    claimed: digestAt(pending.digests, check.unit - shard.firstUnit),
    ...finding,
    ...(verifier.book === undefined ? {} : weighCheck(verifier.book.counts, finding, shard)),
    ...(pending.cause === undefined ? {} : { cause: pending.cause }),
    epoch: pending.epoch,
    n: pending.n + check.unit - shard.firstUnit,
    at: world.now,
  };
  return {
    sequence: shard.sequence,
    signed: { verdict, signature: world.sign('verdict', verdict) },
    ...(pending.review === undefined ? {} : { review: pending.review }),
  };
}

function announce(turn: Turn, verdict: Verdict, check: UnitCheck): void {
  const { verifier } = turn;
  verifier.judgedTotal += 1;
  if (verdict.kind === 'match') return;
  verifier.caughtTotal += verdict.kind === 'mismatch' ? 1 : 0;
  const where = `unit ${verdict.unit} of ${verdict.job} by device ${verdict.device.slice(0, 12)}…`;
  const far =
    verdict.l2 < DISTANCE_MAX
      ? `l2 ${verdict.l2.toPrecision(3)}, max ${verdict.max.toPrecision(3)}`
      : 'distance beyond measure, or its bytes are gone';
  const tap = verdict.fingerprint?.deviates;
  const inside = tap === undefined ? '' : `; inside it deviates from tap ${tap + 1} on`;
  switch (verdict.kind) {
    case 'mismatch':
      return say(
        turn,
        'catch',
        `mismatch: ${where} is wrong, confirmed by a fresh run (${far})${inside}`,
      );
    case 'device-unfit':
      return say(turn, 'warning', `device-unfit: ${where} ${unfitness(verdict)} (${far})${inside}`);
    case 'inconclusive': {
      const vague = 'the claim and our own runs do not settle it';
      const why =
        check.failed?.message ?? (verdict.reason ? `it is beyond tolerance (${far})` : vague);
      return say(turn, 'warning', `inconclusive: ${where}: ${why}`);
    }
  }
}

const unfitness = ({ reason }: Verdict): string =>
  reason === 'inside'
    ? 'is within tolerance, but not inside the model'
    : 'is beyond tolerance, as too many of its last checks were';
