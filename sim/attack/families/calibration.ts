import { calibrate, type DecoySample, type HonestSample } from '#protocol/calibration.ts';
import type { AttackRow, AttackRun } from '../attack-row.ts';
import type { Chance } from '../chance.ts';

const VERIFIED = 2_000;
const DEVICES = 5;
/** Nine of ten submissions are poison. */
const POISON = 9 * VERIFIED;
const NOISE = 1e-6;
const OUTPUTS = [{ name: 'y', dtype: 'f32', shape: [1, 10] }] as const;

/**
 * Attack 21: a crowd of accomplices sends distances a million times as wide as honest noise, so that
 * thresholds would grow past every cheat. Thresholds are those of the real `calibrate`.
 */
export function attackCalibration(run: AttackRun): AttackRow[] {
  let [moved, trusted] = [0, 0];
  for (const seed of run.seeds) {
    const chance = run.open(seed, 21);
    const honest = submit(chance, { count: VERIFIED, noise: NOISE, verified: true });
    const poison = submit(chance, { count: POISON, noise: 1, verified: false });
    const decoys = Array.from({ length: VERIFIED }, (): DecoySample => {
      const l2 = NOISE * (100 + chance.next());
      return { decoy: 'int8', distances: [{ output: 'y', l2, max: 10 * l2 }] };
    });
    const limits = (samples: HonestSample[]): string =>
      JSON.stringify(calibrate(outputs(), { honest: samples, decoys }).comparators);
    const clean = limits(honest);
    if (limits([...honest, ...poison]) !== clean) moved += 1;
    const believed = poison.map((sample) => ({ ...sample, verified: true }));
    if (limits([...honest, ...believed]) !== clean) trusted += 1;
  }
  const total = run.seeds.length;
  const row = {
    attack: 21,
    bound: '0',
    tried: `${POISON} of ${VERIFIED + POISON} submissions are poison, a million times the noise`,
  };
  return [
    {
      ...row,
      name: 'poisoned calibration',
      gained: `thresholds moved in ${moved} of ${total} runs of the real calibration`,
      built: true,
      pass: moved === 0,
      value: moved,
    },
    {
      ...row,
      name: 'the same, if whoever sends is believed',
      gained: `thresholds moved in ${trusted} of ${total} runs`,
      built: false,
      pass: trusted === 0,
      value: trusted,
    },
  ];
}

const outputs = () => OUTPUTS.map((each) => ({ ...each, shape: [...each.shape] }));

function submit(
  { next }: Chance,
  { count, noise, verified }: { count: number; noise: number; verified: boolean },
): HonestSample[] {
  return Array.from({ length: count }, (_, place) => {
    const l2 = noise * (0.5 + next());
    const device = `${verified ? 'ours' : 'stranger'} ${place % DEVICES}`;
    return { device, verified, distances: [{ output: 'y', l2, max: 10 * l2 }] };
  });
}
