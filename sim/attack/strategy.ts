/**
 * What one identity of the adversary does: `honest` right units, then again and again a burst of
 * bad ones and `gap` right ones. Caught, it comes back under a new name. `burst: 1, gap: 0` is the
 * steady cheat of reference/verification.md §2.6.
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

/** A strategy laid out by age. */
export interface Plan {
  /** Chance that the unit of this age is bad. */
  rate(age: number): number;
  /** Age from which bursts repeat every `period` units; the whole life for one that leaves. */
  head: number;
  period: number;
  /** Units of an identity that leaves by itself; Infinity for one that stays. */
  life: number;
}

/** Lays a strategy out; past the age `knee` it must repeat. */
export function openPlan(strategy: Strategy, knee: number): Plan {
  const { honest, rate, burst, gap, bursts, grown } = strategy;
  const rates: number[] = new Array(honest + 1).fill(0);
  const settled = Math.max(knee, grown);
  const period = burst + gap;
  for (let done = 0; done < bursts && (bursts < Infinity || rates.length <= settled); done += 1) {
    const part = grown === 0 ? 1 : Math.min(1, (rates.length - 1) / grown);
    const size = Math.max(1, Math.round(burst * part));
    for (let unit = 0; unit < size; unit += 1) rates.push(rate);
    for (let unit = 0; unit < gap; unit += 1) rates.push(0);
  }
  const head = rates.length - 1;
  const table = Float64Array.from(rates);
  return {
    rate: (age) => (age <= head ? (table[age] ?? 0) : (age - head - 1) % period < burst ? rate : 0),
    head,
    period,
    life: bursts < Infinity ? head : Infinity,
  };
}

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
