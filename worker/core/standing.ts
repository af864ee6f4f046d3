import type { HubMessage } from '#protocol/messages/control.ts';
import { note } from './history.ts';
import type { Turn } from './state.ts';

/** The person sees what was found on his own work; the hub's log has all of it. */
const VERDICTS_MAX = 20;

/** A verifier has executed a unit of this device again. A failure starts trust anew. */
export function receiveJudgement(
  turn: Turn,
  { job, unit, kind }: Extract<HubMessage, { type: 'judgement' }>,
): void {
  const { device, world } = turn;
  note(turn, { what: 'verdict', job, unit, kind });
  device.counts.unitsChecked += 1;
  device.verdicts = [{ job, unit, kind, at: world.now }, ...device.verdicts].slice(0, VERDICTS_MAX);
  if (kind !== 'mismatch') return;
  device.counts.unitsMismatched += 1;
  if (device.standing !== undefined) device.standing.units = 0;
}
