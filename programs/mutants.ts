import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildProgram, findToolchain } from './build/program.ts';

/**
 * `npm run mutants -- [words for cargo-mutants, such as --file claim.rs or --shard 0/20]`: builds
 * the program with each mutant that cargo-mutants lists and runs the tests over litesvm on it: at
 * least one has to fail. Ends with 1 where a mutant is missed.
 */
const SOURCE = '.build/mutants/programs';
const PROGRAM = resolve('.build/mutants/mutant.so');
/** Of the tests on one mutant; one that holds them up for longer is caught. */
const TESTS_MS_MAX = 10 * 60_000;
const run = promisify(execFile);

/** A place counts lines and columns from 1. */
interface Mutant {
  name: string;
  file: string;
  replacement: string;
  span: Record<'start' | 'end', { line: number; column: number }>;
}

const missing = await findToolchain();
if (missing.length > 0) throw new Error(`${missing.join(', ')} not found: see programs/README.md`);
await rm(SOURCE, { recursive: true, force: true });
for (const name of ['Cargo.toml', 'Cargo.lock', 'interface', 'settlement']) {
  await cp(`programs/${name}`, `${SOURCE}/${name}`, { recursive: true });
}
const listed = await run(
  'cargo',
  ['mutants', '--list', '--json', '--package', 'settlement', ...process.argv.slice(2)],
  { cwd: SOURCE, maxBuffer: 1 << 28 },
);
const mutants: Mutant[] = JSON.parse(listed.stdout);
if (mutants.length === 0) throw new Error('no mutant fits these words');
if ((await tryMutant()) !== 'missed') throw new Error('the tests fail on the program as it is');
const counts: Record<string, number> = {};
for (const mutant of mutants) {
  const file = `${SOURCE}/${mutant.file}`;
  const text = await readFile(file, 'utf8');
  await writeFile(file, mutate(text, mutant));
  const outcome = await tryMutant();
  await writeFile(file, text);
  counts[outcome] = (counts[outcome] ?? 0) + 1;
  process.stdout.write(`${outcome}  ${mutant.name}\n`);
}
process.stdout.write(`${mutants.length} mutants: ${JSON.stringify(counts)}\n`);
process.exitCode = counts['missed'] === undefined ? 0 : 1;

function mutate(text: string, { span, replacement }: Mutant): string {
  const lines = text.split(/(?<=\n)/);
  const offset = ({ line, column }: Mutant['span']['start']): number =>
    lines.slice(0, line - 1).join('').length + column - 1;
  return text.slice(0, offset(span.start)) + replacement + text.slice(offset(span.end));
}

async function tryMutant(): Promise<'unviable' | 'caught' | 'missed'> {
  const bytes = await buildProgram(SOURCE, '.build/mutants/target').catch(() => undefined);
  if (bytes === undefined) return 'unviable';
  await writeFile(PROGRAM, bytes);
  const words = ['run', '--bail=1', '--reporter=dot', 'programs/settlement/tests'];
  return run(process.execPath, ['node_modules/vitest/vitest.mjs', ...words], {
    env: { ...process.env, POCKETGRID_PROGRAM: PROGRAM },
    maxBuffer: 1 << 26,
    timeout: TESTS_MS_MAX,
  }).then(
    () => 'missed' as const,
    () => 'caught' as const,
  );
}
