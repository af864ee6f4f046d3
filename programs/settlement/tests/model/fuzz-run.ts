import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type FailingCase, readSeeds, replay, runFuzz, SEEDS } from './fuzz.ts';

/** `npm run fuzz:program`: what failed before, then as many commands as asked for. */
const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '100000' },
    seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
  },
});
const [commands, seed] = [Number(values.commands), Number(values.seed)];
if (!(Number.isSafeInteger(commands) && commands > 0 && Number.isSafeInteger(seed))) {
  console.error('usage: npm run fuzz:program -- --commands NUMBER --seed NUMBER');
  process.exit(2);
}
const known = readSeeds();
for (const each of known) fail(each, replay(each));
process.stdout.write(`seed ${seed}, ${known.length} seeds that failed before\n`);
const started = performance.now();
const { tally, failure } = runFuzz({ seed, commands });
const seconds = ((performance.now() - started) / 1_000).toFixed(0);
process.stdout.write(`${tally.commands} commands in ${seconds} s\n`);
for (const [title, counts] of [
  ['done', tally.done],
  ['refused', tally.refused],
] as const) {
  const told = [...counts].sort(([, a], [, b]) => b - a).map(([name, times]) => `${name} ${times}`);
  process.stdout.write(`${title}: ${told.join(', ')}\n`);
}
if (failure !== undefined) {
  await writeFile(SEEDS, `${JSON.stringify([...known, failure.case], null, 2)}\n`);
  fail(failure.case, failure.message);
}

function fail(of: FailingCase, message: string | undefined): void {
  if (message === undefined) return;
  process.stdout.write(`FAILED ${JSON.stringify(of)}\n${message}\n`);
  process.exitCode = 1;
}
