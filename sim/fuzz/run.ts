import { parseArgs } from 'node:util';
import { runFuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!(Number.isSafeInteger(count) && count > 0 && Number.isSafeInteger(seed))) {
  console.error('usage: npm run fuzz -- --count MESSAGES --seed NUMBER');
  process.exit(2);
}
const { cases, codes, honestUnits, failure } = runFuzz({ seed, count });
const told = [...codes].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`);
process.stdout.write(
  `seed ${seed}: ${cases} spoiled messages, ${honestUnits} honest units accepted\n`,
);
process.stdout.write(`${told.join('\n')}\n`);
if (failure !== undefined) process.stdout.write(`FAILED ${failure}\n`);
process.exitCode = failure === undefined ? 0 : 1;
