import type { Command } from '../command.ts';
import type { FlagShape } from '../flag-shape.ts';

/** Flags of every command. */
const ALWAYS: readonly FlagShape[] = ['--json', '--help'].map((text) => ({
  ...{ text, takesValue: false, values: [] },
}));

/** The flags of a command, those of every one included. */
export const flagsOf = ({ shapes }: Command): FlagShape[] => [
  ...shapes.filter(({ text }) => text !== ''),
  ...ALWAYS,
];

/** What the words that stand alone may be, where that is known. */
export const wordsOf = ({ shapes }: Command): string[] =>
  shapes.filter(({ text }) => text === '').flatMap(({ values }) => values);

/**
 * What may follow the beginnings of commands: the first words of all, and the second words of those
 * that have two.
 */
export function nextWords(commands: readonly Command[]): Map<string, string[]> {
  const next = new Map<string, Set<string>>();
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ');
    next.set('', (next.get('') ?? new Set()).add(first));
    if (second !== undefined) next.set(first, (next.get(first) ?? new Set()).add(second));
  }
  return new Map([...next].map(([start, words]) => [start, [...words]]));
}
