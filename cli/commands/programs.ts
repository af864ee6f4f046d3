import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { accept } from '#protocol/values/refusal.ts';
import type { Answer, Command } from '../command.ts';
import { configFolder } from '../folders.ts';
import { HUB_DEFAULT, namedHub } from '../hub.ts';
import { readLogin } from '../login-file.ts';
import type { World } from '../world.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Of TypeScript; found from here, wherever the program is called. */
const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
/** The status of a program that a signal has ended. */
const SIGNALLED = 128;

/** `pocketgrid contribute`: a contributor in Node, a process of its own. */
export const contributeCommand = programCommand({
  name: 'contribute',
  summary: 'lends this machine to a hub until it is stopped',
  file: 'worker/edge/node/main.ts',
  switches: ['--trust-new-hub', '--print-key', '--evidence'],
  flags: [
    '--hub',
    '--data',
    '--name',
    '--threads',
    '--hub-key',
    '--pin',
    '--payout',
    '--donate',
    '--block',
  ],
});

/** `pocketgrid verifier`: a verifier, a process of its own. */
export const verifierCommand = programCommand({
  name: 'verifier',
  summary: 'checks the work of a hub until it is stopped',
  file: 'verifier/main.ts',
  switches: ['--trust-new-hub', '--print-key'],
  flags: [
    ...['--hub', '--data', '--checks', '--epoch-minutes', '--settle-minutes', '--rpc-url'],
    ...['--program', '--hub-key', '--log-port', '--enrol', '--pin'],
  ],
});

interface Program {
  name: string;
  summary: string;
  /** From the root of the repository. */
  file: string;
  switches: readonly string[];
  flags: readonly string[];
}

/** A command that runs one of our programs, with its own flags and help; it names the hub. */
function programCommand({ name, summary, file, switches, flags }: Program): Command {
  return {
    ...{ name, summary },
    help: summary,
    shapes: [
      ...switches.map((text) => ({ text, takesValue: false, values: [] })),
      ...flags.map((text) => ({ text, takesValue: true, values: [] })),
    ],
    decode: (args) => accept(async (world) => runProgram(world, file, await withHub(args, world))),
  };
}

/** The line with the hub of the environment or of the login, where it names none. */
async function withHub(args: readonly string[], { env }: World): Promise<readonly string[]> {
  if (args.some((word) => /^--(hub(=|$)|help$|print-key$)/.test(word))) return args;
  const named = namedHub(env);
  if (named !== undefined) return ['--hub', named, ...args];
  const login = await readLogin(configFolder(env));
  const pin = login?.pin === undefined ? [] : ['--pin', login.pin];
  return ['--hub', login?.hub ?? HUB_DEFAULT, ...pin, ...args];
}

/** Runs a program to its end, and ends it when this one is stopped; its status is ours. */
function runProgram(world: World, file: string, args: readonly string[]): Promise<Answer> {
  const child = spawn(process.execPath, ['--import', LOADER, join(ROOT, file), ...args], {
    // With --json standard output is for one value alone.
    stdio: ['ignore', world.isJson ? 2 : 'inherit', 'inherit'],
    env: world.env,
  });
  const stop = () => child.kill('SIGTERM');
  world.signal.addEventListener('abort', stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      world.signal.removeEventListener('abort', stop);
      const code = status ?? SIGNALLED;
      resolve({ lines: [], json: { status: code }, code });
    });
  });
}
