import { LEG_POLICY } from '#protocol/check-policy.ts';
import { type AttackRow, type AttackRun, percent, perMille, rateOver } from '../attack-row.ts';
import type { Chance } from '../chance.ts';
import { OURS, rateAt, tabulate } from '../rules.ts';

const TRIALS = 200_000;
/** Networks that the adversary's names are spread over. */
const SPREADS = [1, 3, 1_000] as const;
const POWER = 0.999;

/** Attacks 11 and 12: two results of one computation, and quorums that the adversary fills. */
export function attackQuorums(run: AttackRun): AttackRow[] {
  const shares = [0.1, 0.3, 0.5];
  const captured = shares.map((f, at) =>
    rateOver(run, { stream: 20 + at, trials: TRIALS }, ({ next }) => next() < f && next() < f),
  );
  const trusted = rateOver(
    run,
    { stream: 24, trials: TRIALS },
    ({ next }) => next() < 0.3 && next() >= POWER,
  );
  const lawful = captured.every((share, at) => Math.abs(share / (shares[at] ?? 1) ** 2 - 1) < 0.05);
  return [
    twicePaid(run),
    {
      attack: 12,
      name: 'quorum capture, two legs of strangers',
      tried: 'f = 10, 30, 50 %, accomplices give the same bad answer',
      gained: `${captured.map(percent).join(', ')} of units bad`,
      bound: 'follows f² within 5 %: shown so that nobody relies on it',
      built: false,
      pass: lawful,
      value: captured[1] ?? Number.NaN,
    },
    agreeing(),
    {
      attack: 12,
      name: 'quorum capture, one leg at a verifier',
      tried: 'f = 30 %, every unit re-executed on the exact lane, d = 0.999',
      gained: `${percent(trusted)} of units bad`,
      bound: '≤ f (1 − d) = 0.03 %, within 50 %',
      built: true,
      pass: trusted <= 0.3 * (1 - POWER) * 1.5,
      value: trusted,
    },
  ];
}

/**
 * Both legs of a unit fall to one operator, who computes it once. The second leg comes from another network
 * than the first. No rule of pay ends this: whatever a rule sees, it sees of two honest strangers as well.
 */
function twicePaid(run: AttackRun): AttackRow {
  const f = 0.3;
  const shares = SPREADS.map((networks, at) => {
    const own = f / networks;
    const rest = (f - own) / (1 - own);
    const hit = ({ next }: Chance): boolean => next() < f && next() < rest;
    return rateOver(run, { stream: 26 + at, trials: TRIALS }, hit);
  });
  const most = Math.max(...shares);
  return {
    attack: 11,
    name: 'one computation, two payouts',
    tried: `f = 30 %, both legs of a unit on one operator, each with ${LEG_POLICY.trustedUnits} units behind it, names in ${SPREADS.join(', ')} networks: computed once, paid twice`,
    gained: `${shares.map(percent).join(', ')} of units paid twice, and right; none with one leg at a verifier`,
    bound: 'gain ≤ 0',
    built: true,
    pass: most <= 0,
    value: most,
  };
}

/**
 * Two accomplices agree on a bad unit of assurance 2. A draw of either leg finds it and ends one identity
 * at least; one may begin for each U legs, of which a unit has two: (1 − q)² / (q U) pass.
 */
function agreeing(): AttackRow {
  const table = tabulate(OURS);
  const q = rateAt(table, table.knee) * POWER;
  const share = (1 - q) ** 2 / (q * OURS.unitsEach);
  return {
    attack: 12,
    name: 'quorum capture, assurance 2, both legs trusted',
    tried: `accomplices with ${LEG_POLICY.trustedUnits} units behind them agree wherever both legs are theirs, at the floor of p_n`,
    gained: `at most ${perMille(share)} of units bad in the long run, computed; while aged identities last, f²`,
    bound: '≤ 1 ‰',
    built: true,
    pass: share <= 1e-3,
    value: share,
  };
}
