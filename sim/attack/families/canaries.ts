import { type AttackRow, type AttackRun, rateOver } from '../attack-row.ts';

const TRIALS = 100_000;
const FRACTION = 0.3;
const AUC_MAX = 0.52;

/**
 * Attack 17: accomplices pool the inputs they have seen; an input that comes again is a canary. Size
 * and time are the same for both, so "seen before" is the only feature, and the area under its curve
 * is ½ + ½ (hit rate − false alarms). Fresh inputs never repeat: no false alarms.
 */
export function attackCanaries(run: AttackRun): AttackRow[] {
  const seen = (stream: number, earlier: number): number =>
    rateOver(run, { stream, trials: TRIALS }, ({ next }) => {
      for (let time = 0; time < earlier; time += 1) if (next() < FRACTION) return true;
      return false;
    });
  const row = (
    earlier: number,
    words: { name: string; tried: string; built: boolean },
  ): AttackRow => {
    const auc = 0.5 + seen(30 + earlier, earlier) / 2;
    return {
      attack: 17,
      ...words,
      gained: `AUC ${auc.toFixed(3)}`,
      bound: `AUC ≤ ${AUC_MAX}`,
      pass: auc <= AUC_MAX,
      value: auc,
    };
  };
  return [
    row(0, {
      name: 'canaries made ahead by a verifier, used once',
      tried: 'f = 30 % pools every input seen; the canary was never issued before',
      built: true,
    }),
    row(1, {
      name: 'canaries made of past units',
      tried: 'f = 30 % pools every input seen; the canary was a real unit of someone once',
      built: false,
    }),
    row(3, {
      name: 'canaries made of past units, third use',
      tried: 'the same input goes out for the third time (§3.2 allows three)',
      built: false,
    }),
  ];
}
