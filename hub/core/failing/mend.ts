import { type FailedItems, groupFailures, placesOf } from '#protocol/records/failed-items.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { Token } from '../state/events.ts';
import type { MendedUnit } from '../state/facts.ts';
import type { Job } from '../state/job.ts';
import { store, type Turn } from '../turn.ts';

/**
 * Writes down which items of a unit cannot be computed, once a good item stands in the place of each.
 * Where no good one is left, nothing of the unit is computed.
 */
export function failItems(
  turn: Turn,
  job: Job,
  found: { unit: number; failed: readonly FailedItems[]; isAccepted: boolean },
): void {
  const { hub, effects } = turn;
  const { unit } = found;
  if (found.isAccepted) return storeFailed(turn, job, { unit, failed: found.failed, stands: true });
  const items = kindOf(job).itemsIn(job.record, unit);
  const failed = addFailed(job.failed.get(unit)?.failed ?? [], found.failed, items);
  const places = placesOf(failed);
  if (places.length === items) return storeFailed(turn, job, { unit, failed });
  const token = hub.nextToken++;
  hub.making.set(token, { type: 'mend', job: job.record.id, unit, failed });
  const cut = { ...kindOf(job).cutUnit(job, unit), failed: places };
  effects.push({ type: 'mend', token, cut });
}

/** What failed before and now. A mended unit that fails with no item more fails as a whole. */
function addFailed(
  before: readonly FailedItems[],
  now: readonly FailedItems[],
  items: number,
): FailedItems[] {
  const known = new Set(placesOf(before));
  const more = spread(now).filter(({ place }) => !known.has(place));
  const [words] = now;
  const rest = Array.from({ length: items }, (_, place) => place)
    .filter((place) => !known.has(place))
    .map((place) => ({ place, text: words?.text ?? '' }));
  return groupFailures([...spread(before), ...(more.length > 0 ? more : rest)]);
}

const spread = (groups: readonly FailedItems[]) =>
  groups.flatMap(({ places, text }) => places.map((place) => ({ place, text })));

/** The unit was mended: what follows is decided when that is on disk. */
export function storeMended(turn: Turn, token: Token, mended: MendedUnit): void {
  const { hub } = turn;
  const made = hub.making.get(token);
  hub.making.delete(token);
  const job = made?.type === 'mend' ? hub.jobs.get(made.job) : undefined;
  if (job?.state !== 'running' || made?.type !== 'mend') return;
  storeFailed(turn, job, { unit: made.unit, failed: made.failed, mended });
}

function storeFailed(
  turn: Turn,
  { record }: Job,
  found: {
    unit: number;
    failed: readonly FailedItems[];
    mended?: MendedUnit;
    stands?: true;
  },
): void {
  const { hub, world } = turn;
  const since = hub.nextSequence;
  store(turn, [{ type: 'items-failed', job: record.id, ...found, since, at: world.now }]);
}
