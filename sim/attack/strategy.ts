import type { Rule } from './rules.ts';

/**
 * What one identity of the adversary does: `honest` right units, then again and again a burst of
 * bad ones and `gap` right ones. Caught, it comes back under a new name. `burst: 1, gap: 0` is the
 * steady cheat of reference/verification.md §2.6. All numbers count work in bad units.
 */
export interface Strategy {
  honest: number;
  /** Chance that a unit of a burst is bad. */
  rate: number;
  burst: number;
  gap: number;
  /** Bursts after which it leaves by itself, through the exit check; Infinity: only when caught. */
  bursts: number;
  /** Bursts grow in proportion to age until this age, as checks grow fewer; 0: all are whole. */
  grown: number;
}

/** What models an identity earns and cheats on: the cost of a unit there, in C. */
export interface Models {
  earn: number;
  cheat: number;
  /** Its bad units are by turns of both models. */
  mixed?: boolean;
}

/** One model, whose units cost C. */
export const ONE_MODEL: Models = { earn: 1, cheat: 1 };

/** Units of one cost, each bad with `rate`. */
export interface Stretch {
  cost: number;
  units: number;
  rate: number;
}

/** A strategy laid out: the head, then the round for ever; one that leaves has no round. */
export interface Plan {
  head: Stretch[];
  round: Stretch[];
}

/** Lays a strategy out; past `knee` units of the dearest cost in a round it must repeat. */
export function openPlan(strategy: Strategy, models: Models, knee: number): Plan {
  const { honest, rate, gap, bursts, grown } = strategy;
  const { earn, cheat } = models;
  const right = (units: number, least: number): Stretch[] => {
    const count = Math.max(least, Math.round((units * cheat) / earn));
    return count > 0 ? [{ cost: earn, units: count, rate: 0 }] : [];
  };
  const turn = (size: number): Stretch[] => [
    ...burstOf(size, strategy, models),
    ...right(gap, Math.sign(gap)),
  ];
  const head = right(honest, 0);
  const dearest = gap > 0 || models.mixed === true ? Math.max(earn, cheat) : cheat;
  const settled = Math.max(knee * dearest, grown * cheat);
  let work = workOf(head);
  for (let done = 0; done < bursts && (bursts < Infinity || work < settled); done += 1) {
    const part = grown === 0 ? 1 : Math.min(1, work / cheat / grown);
    const size = Math.max(1, Math.round(strategy.burst * part));
    const next = turn(size);
    work += workOf(next);
    const last = head.at(-1);
    // A steady cheat is one long stretch.
    if (next.length === 1 && last?.rate === rate) last.units += size;
    else head.push(...next);
  }
  return { head, round: bursts < Infinity ? [] : turn(strategy.burst) };
}

function burstOf(size: number, { rate }: Strategy, { earn, cheat, mixed = false }: Models) {
  if (!mixed) return [{ cost: cheat, units: size, rate }];
  return Array.from({ length: size }, (_, at) => [
    { cost: cheat, units: 1, rate },
    ...(at + 1 < size ? [{ cost: earn, units: 1, rate }] : []),
  ]).flat();
}

const workOf = (stretches: readonly Stretch[]): number =>
  stretches.reduce((sum, { cost, units }) => sum + cost * units, 0);

/** Right work before the first burst; whole units of the model that it earns on. */
export const honestWork = ({ honest }: Strategy, { earn, cheat }: Models): number =>
  Math.round((honest * cheat) / earn) * earn;

/** Work from which on an identity is paid that earns and cheats on these models. */
export const paidFrom = ({ probationUnits }: Rule, { earn, cheat }: Models): number =>
  probationUnits * Math.max(earn, cheat);

/** Places that an identity takes: one for each C of its dearest unit. */
export const placesOf = ({ head, round }: Plan): number =>
  Math.ceil(Math.max(...[...head, ...round].map(({ cost }) => cost)));

export function describeStrategy({ honest, rate, burst, gap, bursts, grown }: Strategy): string {
  const share = `${Number((rate * 100).toPrecision(3))} %`;
  const end = Number.isFinite(bursts) ? `leaves after ${bursts}` : 'until caught';
  if (gap === 0 && !Number.isFinite(bursts) && grown === 0)
    return rate === 1
      ? `${honest} right, then all bad until caught`
      : `${honest} right, then bad at ${share} until caught`;
  const bad = rate === 1 ? '' : `, each bad with ${share}`;
  const growth = grown === 0 ? '' : ` (fewer before age ${grown}, in proportion)`;
  return `${honest} right, bursts of ${burst} bad${growth}${bad}, ${gap} right between; ${end}`;
}
