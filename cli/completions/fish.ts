import type { Command } from '../command.ts';
import { flagsOf, nextWords, wordsOf } from './words.ts';

const PRELUDE = `function __pocketgrid_line
  string join ' ' -- (commandline -opc)[2..] ''
end
function __pocketgrid_at
  test (__pocketgrid_line) = "$argv "
end
function __pocketgrid_in
  string match -q -- "$argv *" (__pocketgrid_line)
end`;

/** What makes fish complete our command lines; files where nothing else is known. */
export function completeFish(commands: readonly Command[]): string {
  const summaries = new Map(commands.map(({ name, summary }) => [name, summary]));
  const starts = [...nextWords(commands)].flatMap(([start, words]) =>
    words.map((word) => {
      const summary = summaries.get(`${start} ${word}`.trim());
      const says = summary === undefined ? '' : ` -d ${quote(summary)}`;
      const when = start === '' ? 'test (__pocketgrid_line) = ""' : `__pocketgrid_at ${start}`;
      return `complete -c pocketgrid -f -n ${quote(when)} -a ${word}${says}`;
    }),
  );
  return [PRELUDE, ...starts, ...commands.flatMap(completeCommand)].join('\n');
}

function completeCommand(command: Command): string[] {
  const when = `complete -c pocketgrid -n ${quote(`__pocketgrid_in ${command.name}`)}`;
  const words = wordsOf(command);
  const alone = words.length === 0 ? [] : [`${when} -f -a ${quote(words.join(' '))}`];
  const flags = flagsOf(command).map(({ text, short, takesValue, values }) => {
    const letter = short === undefined ? '' : ` -s ${short.slice(1)}`;
    const value = values.length > 0 ? ` -x -a ${quote(values.join(' '))}` : ' -r';
    return `${when} -l ${text.slice(2)}${letter}${takesValue ? value : ''}`;
  });
  return [...alone, ...flags];
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`\'`)}'`;
