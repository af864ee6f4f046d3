import { isPassing } from '#client/refusals.ts';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import { fault, PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Command } from './command.ts';
import { cancelCommand } from './commands/cancel.ts';
import { completionsFor } from './commands/completions.ts';
import { jobsCommand } from './commands/jobs.ts';
import { addKeyCommand } from './commands/keys-add.ts';
import { listKeysCommand } from './commands/keys-list.ts';
import { revokeKeyCommand } from './commands/keys-revoke.ts';
import { loginCommand } from './commands/login.ts';
import { addCommand } from './commands/model-add.ts';
import { listCommand } from './commands/model-list.ts';
import { removeCommand } from './commands/model-remove.ts';
import { contributeCommand, verifierCommand } from './commands/programs.ts';
import { quoteCommand } from './commands/quote.ts';
import { receiptsCommand } from './commands/receipts.ts';
import { resultsCommand } from './commands/results.ts';
import { runCommand } from './commands/run.ts';
import { verifyCommand } from './commands/verify.ts';
import { watchCommand } from './commands/watch.ts';
import { EXIT } from './exit.ts';
import { StoppedError } from './stopped.ts';
import type { World } from './world.ts';

const PLAIN: readonly Command[] = [
  ...[loginCommand, addCommand, listCommand, removeCommand],
  ...[quoteCommand, runCommand, jobsCommand, watchCommand, cancelCommand],
  ...[resultsCommand, receiptsCommand, verifyCommand],
  ...[contributeCommand, verifierCommand],
  ...[addKeyCommand, listKeysCommand, revokeKeyCommand],
];
const COMMANDS: readonly Command[] = [...PLAIN, completionsFor(PLAIN)];

const HELP = `pocketgrid COMMAND [flags]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join('\n')}

  COMMAND --help  what a command takes
  --json          the answer of any command as one value of JSON, and a refusal on standard error

It ends with 0 when it is done, 1 when it is refused, 2 when the command line is wrong, 3 when a hub or a
repository cannot be reached, so that the same may succeed later, and 130 when it was stopped.`;

/** Runs a command line; gives the exit code. */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  const isJson = args.includes('--json');
  const complain = (refused: Refusal, code: number): number => {
    world.tell(isJson ? JSON.stringify({ error: refused }) : refused.message);
    return code;
  };
  const rest = args.filter((word) => word !== '--json');
  if (rest[0] === '--help' || rest.length === 0) {
    world.say(HELP);
    return rest.length === 0 ? EXIT.misused : EXIT.done;
  }
  if (rest.some((word) => word.includes(API_KEY_PREFIX) && word.length > 20)) {
    const message =
      'a key on the command line can be read by others: send it on standard input, or set POCKETGRID_KEY';
    return complain(refusal('request-invalid', message), EXIT.misused);
  }
  const command = COMMANDS.find(({ name }) => `${rest.join(' ')} `.startsWith(`${name} `));
  if (command === undefined) {
    const names = COMMANDS.map(({ name }) => name).join(', ');
    const message = `there is no command "${rest.slice(0, 2).join(' ')}"; there are ${names}`;
    return complain(refusal('request-invalid', message), EXIT.misused);
  }
  const decoded = command.decode(rest.slice(command.name.split(' ').length));
  if (!decoded.ok) return complain(decoded.refusal, EXIT.misused);
  if (decoded.value === 'help') {
    world.say(command.help);
    return EXIT.done;
  }
  try {
    // A program reads what is said: nothing else is.
    const quiet = { ...world, isJson, tell: () => undefined, show: () => undefined };
    const { lines, json, code } = await decoded.value(isJson ? quiet : world);
    for (const line of isJson ? [JSON.stringify(json)] : lines) world.say(line);
    return code ?? EXIT.done;
  } catch (error) {
    if (world.signal.aborted) {
      return complain(error instanceof StoppedError ? error.refusal : STOPPED, EXIT.stopped);
    }
    const { refusal: said } = error instanceof PocketgridError ? error : unforeseen(error);
    return complain(said, isPassing(said) ? EXIT.unreachable : EXIT.refused);
  }
}

const STOPPED = refusal(
  'download-failed',
  'stopped; the same command goes on where this one ended',
);

const unforeseen = (error: unknown): PocketgridError =>
  fault('request-invalid', error instanceof Error ? error.message : String(error));
