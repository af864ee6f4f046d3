import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from './command.ts';
import { readConditions } from './conditions.ts';
import { type Bench, type BenchContext, encodeFigure, type Figure } from './figure.ts';

const CHROMIUM_MS_MAX = 10 * 60_000;

const USAGE = 'npm run bench -- NAME... [--quick] [--json] [--install]';

/** One line per figure. */
async function main(): Promise<void> {
  const known = (await readdir(import.meta.dirname))
    .filter((name) => name.endsWith('.bench.ts'))
    .map((name) => name.replace('.bench.ts', ''));
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !known.includes(name));
  if (values.help || positionals.length === 0 || unknown.length > 0) {
    const wrong = unknown.length > 0 ? `There is no bench named ${unknown.join(', ')}.\n` : '';
    process.stderr.write(`${wrong}Usage: ${USAGE}\n`);
    process.stderr.write(`Benches: ${known.join(', ')}\n`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const found = await runCommand(['npx', 'tsx', 'scripts/chromium.ts'], CHROMIUM_MS_MAX);
  const chromium = found.trim();
  const conditions = await readConditions(chromium, values.quick);
  for (const name of positionals) {
    const print = (figure: Figure) =>
      process.stdout.write(
        `${values.json ? encodeFigure(name, figure, conditions) : describeFigure(name, figure)}\n`,
      );
    const { quick, install } = values;
    await runBench({ name, quick, install, chromium, print }).catch((error: unknown) => {
      process.stderr.write(`${name}: ${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
    });
  }
}

interface Run extends Pick<BenchContext, 'quick' | 'install' | 'chromium'> {
  name: string;
  print: (figure: Figure) => void;
}

async function runBench({ name, print, ...given }: Run): Promise<void> {
  const { run } = (await import(`./${name}.bench.ts`)) as { run: Bench };
  const folder = await mkdtemp(join(tmpdir(), `pocketgrid-bench-${name}-`));
  const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const say = (line: string) => void process.stderr.write(`${name}: ${line}\n`);
  const defer = (close: () => unknown) => void closers.push(close);
  try {
    for await (const figure of run({ ...given, folder, say, defer })) print(figure);
  } finally {
    for (const close of closers.reverse()) {
      await Promise.resolve(close()).catch((error: unknown) => say(String(error)));
    }
  }
}

function describeFigure(bench: string, { figure, value, unit, baseline, detail }: Figure): string {
  const held =
    baseline === undefined
      ? ''
      : `, ${(value / baseline).toFixed(3)} of ${baseline.toPrecision(4)}`;
  const more = detail === undefined ? '' : `  ${JSON.stringify(detail)}`;
  return `${bench} ${figure}: ${value.toPrecision(5)} ${unit}${held}${more}`;
}

// The WebRTC library and browsers keep threads that would hold the process.
main().then(() => process.exit());
