import { posix } from 'node:path';
import type { Finding, Tree } from './tree.ts';

/** Relative links and pictures in documents that lead nowhere. */
export function checkLinks(tree: Tree): Finding[] {
  return [...tree.texts].flatMap(([path, text]) => {
    if (!path.endsWith('.md')) return [];
    return eachLine(text).flatMap(({ line, words }) =>
      linksOf(words)
        .map((link) => ({ link, target: posix.join(posix.dirname(path), link).replace(/\/$/, '') }))
        .filter(({ target }) => !tree.exists(target))
        .map(({ link }) => ({
          path,
          line,
          message: `the link to ${link} leads nowhere: correct the path or add the file`,
        })),
    );
  });
}

function linksOf(words: string): string[] {
  const links = [...words.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)|(?:src|href|srcset)="([^"]+)"/g)];
  return links
    .map(([, inline, attribute]) => (inline ?? attribute ?? '').replace(/[#?].*$/, ''))
    .filter((link) => link !== '' && !/^([a-z]+:|\/)/i.test(link));
}

/** Commands of npm in documents that `package.json` has not. */
export function checkScripts(tree: Tree): Finding[] {
  const { scripts = {} } = JSON.parse(tree.texts.get('package.json') ?? '{}') as {
    scripts?: Record<string, string>;
  };
  return [...tree.texts].flatMap(([path, text]) => {
    if (!path.endsWith('.md')) return [];
    return eachLine(text).flatMap(({ line, words }) =>
      [...words.matchAll(/npm run (?:(?:-s|--silent) )?([\w:-]+)/g)]
        .filter(([, name = '']) => !(name in scripts))
        .map(([command]) => ({
          path,
          line,
          message: `${command} is no script of package.json: correct the name or add it`,
        })),
    );
  });
}

const PLACES: { pattern: RegExp; message: string }[] = [
  {
    pattern: /(?<![\w./~-])\/(?:work|root|home|Users)\/\w/,
    message: 'a path of one machine: write it from the root of the repository',
  },
  {
    pattern:
      /\b(?:registry\.\w+\.\w{2,4}|(?:deb|security)\.debian\.\w+|(?:static|index)\.crates\.\w+)\b/,
    message: 'the host of a package registry: name the package alone',
  },
];

/** Paths of a machine and hosts of package registries in any text file. */
export function checkPlaces(tree: Tree): Finding[] {
  return [...tree.texts].flatMap(([path, text]) =>
    eachLine(text).flatMap(({ line, words }) =>
      PLACES.filter(({ pattern }) => pattern.test(words)).map(({ message }) => ({
        path,
        line,
        message,
      })),
    ),
  );
}

const eachLine = (text: string): { line: number; words: string }[] =>
  text.split('\n').map((words, index) => ({ line: index + 1, words }));
