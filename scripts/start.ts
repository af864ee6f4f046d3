import { readConfig } from '#node/config/config-file.ts';
import { ensureBuilt } from './start/build.ts';
import { decodeStartFlags, START_HELP, type StartFlags } from './start/flags.ts';
import { type Grid, openGrid } from './start/grid.ts';
import { judgeSample, runSampleJob } from './start/sample-job.ts';
import {
  describeAddresses,
  describeClaim,
  describeReport,
  openTerminal,
} from './start/terminal.ts';

const terminal = openTerminal(process.stdout);

/** `npm start`: a whole grid on this machine, and the sample job computed by it. */
async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const file = await readConfig(args);
  if (!file.ok) return misused(file.refusal.message);
  const decoded = decodeStartFlags(args, file.value);
  if (!decoded.ok) return misused(decoded.refusal.message);
  const flags = decoded.value;
  if (flags === 'help') {
    terminal.say(START_HELP);
    return 0;
  }
  const interrupted = nextSignal();
  await ensureBuilt(terminal.say);
  terminal.say('Starting the hub, the verifier and the contributors…');
  const grid = await openGrid({ flags, config: file.value }, terminal.say);
  try {
    return await Promise.race([serve(grid, flags, interrupted), interrupted]);
  } finally {
    terminal.endProgress();
    await grid.close();
  }
}

function misused(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}

async function serve(grid: Grid, flags: StartFlags, interrupted: Promise<number>): Promise<number> {
  const faults = flags['no-sample'] ? [] : await computeSample(grid, flags);
  if (flags.once) return faults.length === 0 ? 0 : 1;
  terminal.say(await describeAddresses(grid.addresses));
  return interrupted;
}

async function computeSample(grid: Grid, { contributors }: StartFlags): Promise<string[]> {
  const { api, money } = grid;
  const paid = money === undefined ? {} : { deposit: money.deposit };
  const report = await runSampleJob(api, { ...paid, show: terminal.progress });
  terminal.endProgress();
  terminal.say(describeReport(report));
  const faults = judgeSample(report);
  // Devices of others say themselves where their pay goes, and when.
  if (money !== undefined && contributors > 0) {
    const claimed = await money.settle();
    if (claimed === undefined) faults.push('nothing of it was settled; the lines above say why');
    else terminal.say(describeClaim(claimed));
  }
  for (const fault of faults) terminal.say(`The sample job is not right: ${fault}.`);
  return faults;
}

/** Settles with an exit status on the first Ctrl-C or SIGTERM; the second one ends at once. */
function nextSignal(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        terminal.say('\nStopping…');
        process.on(signal, () => process.exit(130));
        resolve(signal === 'SIGINT' ? 0 : 143);
      });
    }
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
