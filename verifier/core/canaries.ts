import { digestCanary } from '#protocol/digest.ts';
import type { Digest, JobId, Nonce } from '#protocol/ids.ts';
import { CANARIES_MAX } from '#protocol/package.ts';
import type { AcceptedShard, Verdict } from '#protocol/records.ts';
import type { Canary, JobCanaries, Preparation, World } from './events.ts';
import type { Book } from './state.ts';

/**
 * Units of a job that were executed when it was prepared, before any device had them. The hub is told
 * their numbers and gives them to new devices; the answers stay here. A device that gives such an answer
 * is right at no cost. One that gives another is checked like any: a canary convicts nobody.
 */

/** One unit in so many at most, so that small jobs are not executed ahead. */
const UNITS_EACH = 100;
/** Jobs whose canaries are kept, the newest ones. */
const JOBS_MAX = 256;
const HEX_EACH = 8;

/** Units to execute ahead, none of those whose answers every device gets. */
export function drawCanaries(world: World, units: number, known: readonly number[]): number[] {
  const count = Math.min(CANARIES_MAX, Math.floor(units / UNITS_EACH));
  const chance = world.random();
  const drawn = new Set<number>();
  for (let place = 0; place < count; place += 1) {
    const part = chance.slice(place * HEX_EACH, (place + 1) * HEX_EACH);
    drawn.add(Number.parseInt(part, 16) % units);
  }
  return [...drawn].filter((unit) => !known.includes(unit));
}

/** What was executed ahead, each with a salt of its own. */
export const saltCanaries = (world: World, found: Preparation['canaries']): Canary[] =>
  found.map(({ unit, digest }) => ({ unit, digest, salt: world.random() }));

/** What the hub is told of them. */
export const hashCanaries = (job: JobId, canaries: readonly Canary[]) =>
  canaries.map((canary) => ({ unit: canary.unit, hash: digestCanary({ job, ...canary }) }));

/** A job that is prepared anew has new ones. */
export function addCanaries(book: Book, added: JobCanaries): void {
  const others = book.canaries.filter(({ job }) => job !== added.job);
  book.canaries = [...others, added].slice(-JOBS_MAX);
}

const canariesOf = ({ canaries }: Book, job: JobId): readonly Canary[] =>
  canaries.find((kept) => kept.job === job)?.canaries ?? [];

/** The canaries among a shard's units, where equal digests can say that one is right. */
export const canariesWithin = (book: Book, shard: AcceptedShard): number[] =>
  shard.provider === 'wasm'
    ? canariesOf(book, shard.job).flatMap(({ unit }) =>
        unit >= shard.firstUnit && unit < shard.firstUnit + shard.unitCount ? [unit] : [],
      )
    : [];

/** The answer that is known of a unit. */
export const knownAnswer = (book: Book, job: JobId, unit: number): Digest | undefined =>
  canariesOf(book, job).find((canary) => canary.unit === unit)?.digest;

/** Opens a canary in the verdict on it, where the reference is the answer that was known. */
export function openCanary(
  book: Book,
  { job, unit, reference }: Pick<Verdict, 'job' | 'unit' | 'reference'>,
): { canary?: Nonce } {
  const found = canariesOf(book, job).find((canary) => canary.unit === unit);
  return found?.digest === reference ? { canary: found.salt } : {};
}
