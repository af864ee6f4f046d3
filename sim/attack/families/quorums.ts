import { LEG_POLICY } from '#protocol/check-policy.ts';
import { type AttackRow, type AttackRun, percent, perMille, rateOver } from '../attack-row.ts';
import { OURS, rateAt, tabulate } from '../rules.ts';

const TRIALS = 200_000;
/** Share of a requester's batch that one network (ASN or /24) may hold (§3.7). */
const NETWORK_CAP = 0.1;
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
  const both = rateOver(
    run,
    { stream: 26, trials: TRIALS },
    ({ next }) => next() < 0.3 && next() < 0.3,
  );
  const capped = rateOver(
    run,
    { stream: 27, trials: TRIALS },
    ({ next }) => next() < NETWORK_CAP && next() < NETWORK_CAP,
  );
  return [
    {
      attack: 11,
      name: 'one computation, two payouts',
      tried: `f = 30 %, both legs of a unit on one operator, each with ${LEG_POLICY.trustedUnits} units behind it: computed once, paid twice`,
      gained: `${percent(both)} of units paid twice, and right; ${percent(capped)} if no network held more than 10 %; none with one leg at a verifier`,
      bound: 'gain ≤ 0',
      built: true,
      pass: both <= 0,
      value: both,
    },
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
