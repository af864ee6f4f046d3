import * as v from 'valibot';
import { type Command, defineCommand } from '../command.ts';
import { completeBash, completeZsh } from '../completions/bash.ts';
import { completeFish } from '../completions/fish.ts';

const SHELLS = { bash: completeBash, zsh: completeZsh, fish: completeFish };
const NAMES = ['bash', 'zsh', 'fish'] as const;

const HELP = `pocketgrid completions bash | zsh | fish

Prints what makes a shell complete the commands and flags of this program. To have it in each shell from now on:

  pocketgrid completions bash >> ~/.bashrc
  pocketgrid completions zsh  >> ~/.zshrc
  pocketgrid completions fish > ~/.config/fish/completions/pocketgrid.fish`;

/** `pocketgrid completions`, for these commands and itself. */
export function completionsFor(others: readonly Command[]): Command {
  const command: Command = defineCommand({
    name: 'completions',
    summary: 'prints what makes a shell complete command lines',
    help: HELP,
    words: ['shell'],
    flags: { shell: v.picklist(NAMES, `expected ${NAMES.join(', ')}`) },
    async run({ shell }) {
      const script = SHELLS[shell]([...others, command]);
      return { lines: [script], json: { shell, script } };
    },
  });
  return command;
}
