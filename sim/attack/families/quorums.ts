import { type AttackRow, type AttackRun, percent, rateOver } from '../attack-row.ts';

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
      tried:
        'f = 30 %, two legs of strangers, both drawn by seed; both on one operator: computed once, paid twice',
      gained: `${percent(both)} of units paid twice without caps, ${percent(capped)} with 10 % per network; results are right. With one leg at a verifier: none`,
      bound: 'gain ≤ 0, so assurance 2 takes its second leg from a verifier',
      built: false,
      pass: capped <= 0,
      value: capped,
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
