import { type AttackRow, type AttackRun, percent, rateOver } from '../attack-row.ts';

const TRIALS = 200_000;
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
    twicePaid(),
    {
      attack: 12,
      name: 'quorum capture, two strangers compared',
      tried: 'f = 10, 30, 50 %, accomplices give the same bad answer',
      gained: `${captured.map(percent).join(', ')} of units bad`,
      bound: 'follows f² within 5 %: shown so that nobody relies on it',
      built: false,
      pass: lawful,
      value: captured[1] ?? Number.NaN,
    },
    {
      attack: 12,
      name: 'quorum capture, a device and a verifier',
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
 * A unit is paid once: it is lent to one device, and where a late lease gets a twin, the first to
 * deliver has the unit and the other one nothing. That each unit is accepted once is asked of every
 * simulated world.
 */
const twicePaid = (): AttackRow => ({
  attack: 11,
  name: 'one computation, two payouts',
  tried: 'f = 30 %, an operator computes a unit once and delivers it under two names',
  gained:
    'nothing: a unit is lent to one device, and of a late lease and its twin the first result is taken',
  bound: 'gain ≤ 0',
  built: true,
  pass: true,
  value: 0,
});
