import type { Command } from '../command.ts';
import { flagsOf, nextWords, wordsOf } from './words.ts';

/** What makes bash complete our command lines; files where nothing else is known. */
export function completeBash(commands: readonly Command[]): string {
  const starts = [...nextWords(commands)].map(
    ([start, words]) => `    ${quote(`${start} `)}) words=${quote(words.join(' '))} ;;`,
  );
  return `_pocketgrid() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" words=''
  local line="\${COMP_WORDS[*]:1:$((COMP_CWORD - 1))} "
  case "$line" in
${starts.join('\n')}
${commands.map(completeCommand).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _pocketgrid pocketgrid`;
}

/** What makes zsh do so, by the completions of bash. */
export const completeZsh = (commands: readonly Command[]): string =>
  `autoload -Uz compinit bashcompinit && compinit && bashcompinit\n${completeBash(commands)}`;

function completeCommand(command: Command): string {
  const flags = flagsOf(command);
  const values = flags
    .filter(({ takesValue }) => takesValue)
    .map(({ text, short, values }) => {
      const names = [text, ...(short === undefined ? [] : [short])].join(' | ');
      return `      ${names}) words=${quote(values.join(' '))} ;;`;
    });
  const all = flags.map(({ text }) => text).join(' ');
  return `    ${quote(`${command.name} `)}*) case "$before" in
${values.join('\n')}
      *) if [[ $word == -* ]]; then words=${quote(all)}; else words=${quote(wordsOf(command).join(' '))}; fi ;;
    esac ;;`;
}

const quote = (text: string): string => `'${text}'`;
