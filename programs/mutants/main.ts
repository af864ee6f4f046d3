import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildProgram, findToolchain } from '../build/program.ts';
import { editedPaths, editMutants, UNNOTICED } from './edits.ts';
import { findMutants, type Mutant } from './find.ts';
import type { Plan } from './setup.ts';
import { SELECTOR, weave } from './weave.ts';

/**
 * `npm run mutants`: drops each check of the program once and runs the tests over litesvm: at least one has to fail. All
 * changes are built into one program, which is told by the clock which of them is awake. `--only
 * TEXT` takes those whose place or text has it.
 */
const FOLDER = '.build/mutants';
const SOURCE = `${FOLDER}/programs`;
const CODE = 'settlement/src';
const CONFIG = 'programs/mutants/vitest.config.ts';
const TESTS_MS_MAX = 60 * 60_000;
const run = promisify(execFile);

/**
 * Where a change is likely to show, of what has no test of its own name. What is left goes through
 * all tests.
 */
const FIRST: Record<string, string[]> = {
  'account.rs': ['account', 'pull', 'bond', 'close_escrow', 'refund'],
  'address.rs': ['address', 'init_config', 'create_page', 'claim'],
  'attestation.rs': ['propose_root', 'challenge_double'],
  'context.rs': ['context'],
  'lib.rs': ['claim', 'pull', 'deposit'],
  'money.rs': ['deposit', 'pull', 'claim', 'create_pool', 'refund', 'close_escrow'],
  'precompile.rs': ['propose_root', 'challenge_double'],
  'sysvars.rs': ['sysvars'],
  'tree.rs': ['claim', 'pull', 'challenge_claim', 'refund'],
  'instructions/challenge.rs': ['challenge_claim', 'challenge_double'],
  'instructions/period.rs': ['propose_root', 'attest', 'veto', 'account', 'challenge_claim'],
};

async function main(): Promise<boolean> {
  const missing = await findToolchain();
  if (missing.length > 0)
    throw new Error(`${missing.join(', ')} not found: see programs/README.md`);
  const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
  const all = await findAll();
  await writeProgram(all);
  const wanted = all.filter((each) => describeMutant(each).includes(values.only));
  const own = await runTests(all, (file) => wanted.filter((each) => firstOf(each).includes(file)));
  const left = wanted.filter((each) => !own.has(each));
  const rest = left.length > 0 ? await runTests(all, () => left) : new Map<Mutant, string>();
  const noticed = new Map([...own, ...rest]);
  for (const mutant of wanted) {
    say(`${noticed.get(mutant) ?? 'SURVIVED'}  ${describeMutant(mutant)}`);
  }
  const survivors = wanted.filter((each) => !noticed.has(each));
  const known = survivors.filter(isKnown);
  say(
    `${wanted.length} mutants: ${noticed.size} killed, ${survivors.length} survived, ` +
      `${known.length} of them as edits.ts says`,
  );
  return survivors.length === known.length;
}

/** All mutants of all files, in order. Throws where a list names what is not there. */
async function findAll(): Promise<Mutant[]> {
  const root = join('programs', CODE);
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.rs'));
  for (const path of editedPaths()) {
    if (!names.includes(path)) throw new Error(`there is no ${path} to edit`);
  }
  const found: Mutant[] = [];
  for (const path of names.sort()) {
    const text = await readFile(join(root, path), 'utf8');
    found.push(...findMutants(path, text), ...editMutants(path, text));
  }
  for (const [path, what] of UNNOTICED) {
    if (!found.some((each) => each.path === path && each.what === what)) {
      throw new Error(`no mutant of ${path} is: ${what}`);
    }
  }
  return found;
}

const numberOf = (all: readonly Mutant[]): Map<Mutant, number> =>
  new Map(all.map((mutant, at) => [mutant, at + 1]));

/** Builds the program with all changes in it. */
async function writeProgram(all: readonly Mutant[]): Promise<void> {
  await rm(SOURCE, { recursive: true, force: true });
  await mkdir(SOURCE, { recursive: true });
  for (const name of ['Cargo.toml', 'Cargo.lock', 'interface', CODE, 'settlement/Cargo.toml']) {
    await cp(join('programs', name), join(SOURCE, name), { recursive: true });
  }
  for (const path of new Set(['lib.rs', ...all.map((each) => each.path)])) {
    const file = join(SOURCE, CODE, path);
    const mutants = all.filter((each) => each.path === path);
    const woven = weave(await readFile(file, 'utf8'), mutants, numberOf(all));
    await writeFile(file, path === 'lib.rs' ? woven + SELECTOR : woven);
  }
  await writeFile(join(FOLDER, 'mutants.so'), await buildProgram(SOURCE, FOLDER));
}

/** What was noticed, and by which test. Throws when a test fails that has no change to notice. */
async function runTests(
  all: readonly Mutant[],
  of: (file: string) => readonly Mutant[],
): Promise<Map<Mutant, string>> {
  const names = await readdir('programs/settlement/tests');
  const files = names.filter((name) => name.endsWith('.test.ts'));
  const numbers = numberOf(all);
  const plan: Plan = {
    files: Object.fromEntries(
      files.map((file) => [
        file,
        of(file.replace('.test.ts', '')).map((mutant) => numbers.get(mutant) ?? 0),
      ]),
    ),
    noticed: resolve(FOLDER, 'noticed.txt'),
  };
  await writeFile(plan.noticed, '');
  await writeFile(join(FOLDER, 'plan.json'), JSON.stringify(plan));
  const wanted = files.filter((file) => (plan.files[file] ?? []).length > 0);
  const words = ['run', '--config', CONFIG, '--root', '.', '--reporter=dot', ...wanted];
  await run(process.execPath, ['node_modules/vitest/vitest.mjs', ...words], {
    env: {
      ...process.env,
      POCKETGRID_PROGRAM: resolve(FOLDER, 'mutants.so'),
      POCKETGRID_MUTANTS: resolve(FOLDER, 'plan.json'),
    },
    timeout: TESTS_MS_MAX,
    maxBuffer: 1 << 26,
  });
  const lines = (await readFile(plan.noticed, 'utf8')).split('\n').filter((line) => line !== '');
  return new Map(
    lines.flatMap((line) => {
      const mutant = all[Number.parseInt(line, 10) - 1];
      return mutant === undefined ? [] : [[mutant, line.replace(/^\d+ /, '')] as const];
    }),
  );
}

const firstOf = ({ path }: Mutant): string[] =>
  FIRST[path] ?? [path.replace(/^.*\/|\.rs$/g, ''), 'account', 'address', 'context'];
const describeMutant = ({ path, line, what }: Mutant): string => `${path}:${line}  ${what}`;
const isKnown = ({ path, what }: Mutant): boolean =>
  UNNOTICED.some(([file, text]) => file === path && text === what);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

process.exitCode = (await main()) ? 0 : 1;
