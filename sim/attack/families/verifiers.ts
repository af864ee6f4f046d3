import { type AttackRow, type AttackRun, perMille } from '../attack-row.ts';
import { heldShare, releasedShare, type Tally } from '../expectation.ts';
import { OURS, type Rule, sharedRule } from '../rules.ts';
import { findWorst, sieve } from '../search.ts';
import { HOLDBACK } from '../terms.ts';

/** Each verifier redoes 2 % of the others' verdicts. */
const META_AUDIT = 0.02;
/** The least rate at which a unit is drawn, by all verifiers together. */
const FLOOR = 0.02;
const TRIALS = 1_000;
const FRACTION = 0.3;
const POWER = 0.999;
const LEAK_MAX = 1.5;

/** Attacks 29, 32 and 37: verifiers that are lazy, corrupt, or lose a seed. */
export function attackVerifiers(run: AttackRun): AttackRow[] {
  return [lazy(run), corrupt(run), ...leaks()];
}

/**
 * It says match to all it draws. A wrong unit that it passed tells, where one of two others has
 * drawn it too, least often at the floor of p_n, or does its verdict again.
 */
function lazy(run: AttackRun): AttackRow {
  const share = 1 - (1 - FLOOR) ** (1 / 3);
  return untilFound(run, {
    attack: 29,
    name: 'a verifier passes everything unread',
    tried: 'two others draw for themselves, at the floor of p_n, and do 2 % of its verdicts again',
    stream: 40,
    seen: 1 - (1 - share) * (1 - META_AUDIT),
  });
}

/** Two honest verifiers each redo 2 % of what the corrupt one passed. */
const corrupt = (run: AttackRun): AttackRow =>
  untilFound(run, {
    attack: 32,
    name: 'one of three verifiers passes its accomplices',
    tried: 'meta-audit of 2 % by each of the two others, on the exact lane',
    stream: 41,
    seen: META_AUDIT,
  });

interface Passing extends Pick<AttackRow, 'attack' | 'name' | 'tried'> {
  stream: number;
  /** The chance that one of the two others judges a unit that was passed. */
  seen: number;
}

/** How many wrong units a verifier passes until one of two others contradicts it. */
function untilFound(run: AttackRun, { stream, seen, ...words }: Passing): AttackRow {
  const runs: number[] = [];
  for (const seed of run.seeds) {
    const { next } = run.open(seed, stream);
    for (let trial = 0; trial < TRIALS; trial += 1) {
      let passed = 1;
      while (next() >= seen && next() >= seen) passed += 1;
      runs.push(passed);
    }
  }
  runs.sort((a, b) => a - b);
  const mean = runs.reduce((sum, each) => sum + each, 0) / runs.length;
  const late = runs[Math.floor(runs.length * 0.99)] ?? Number.NaN;
  const bound = 1 / (1 - (1 - seen) ** 2);
  return {
    ...words,
    gained: `${mean.toFixed(1)} false passes until it is found, ${late} at the 99th percentile`,
    bound: `mean ≤ ${bound.toFixed(1)} within 5 %`,
    built: true,
    pass: mean <= bound * 1.05,
    value: mean,
  };
}

/** The worst bad share of released units against a rule of ours. */
function worstOf(rule: Rule, power = POWER): number {
  const searched = sieve({ rule, power, holdback: HOLDBACK });
  const aim = (tally: Tally) => releasedShare(heldShare(rule, FRACTION, tally), tally);
  return findWorst(searched, aim, 37).worth;
}

/** Three verifiers share the checks, and the adversary knows the seed of one; searched anew. */
function leaks(): AttackRow[] {
  const shared = sharedRule(3);
  const row = (rule: Rule, words: { name: string; tried: string }): AttackRow => {
    const one = worstOf({ ...rule, policy: OURS.policy });
    const whole = worstOf(rule);
    const leaked = worstOf({ ...rule, secrets: 2 });
    const rise = leaked / one;
    return {
      attack: 37,
      ...words,
      gained: `released ${perMille(whole)} with no leak, ${perMille(leaked)} with one: ${rise.toPrecision(3)} × one verifier's ${perMille(one)}`,
      bound: `≤ ${LEAK_MAX} ×, within 1 %`,
      built: rule === shared,
      pass: rise <= LEAK_MAX * 1.01,
      value: rise,
    };
  };
  return [
    row(shared, {
      name: 'one of three seeds leaks, each draws at 1 − (1 − p_n)^⅓',
      tried: 'together they reach p_n: newcomers are checked by all three',
    }),
    row(
      { ...shared, unitsEach: 0 },
      { name: 'the same, names free', tried: 'without the limit on new identities' },
    ),
    row(
      { ...shared, unitsEach: 0, divided: true },
      {
        name: 'one of three seeds leaks, each draws at p_n / 3, names free',
        tried: 'as §3.2 says; the adversary is right where the leaked seed draws',
      },
    ),
    corruptThird(shared),
  ];
}

/** It lends its seed and confirms nothing: both of the others must find what either has drawn. */
function corruptThird(shared: Rule): AttackRow {
  const one = worstOf(OURS);
  const worst = worstOf({ ...shared, secrets: 2 }, POWER ** 2);
  return {
    attack: 37,
    name: 'one of three verifiers is the adversary’s, two must agree to ban',
    tried: 'it tells what it draws and confirms nothing: d² for d',
    gained: `released ${perMille(worst)}: ${(worst / one).toPrecision(3)} × one honest verifier's ${perMille(one)}`,
    bound: `≤ ${LEAK_MAX} ×, within 1 %`,
    built: true,
    pass: worst / one <= LEAK_MAX * 1.01,
    value: worst / one,
  };
}
