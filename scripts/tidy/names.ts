import { zoneOf } from './imports.ts';
import { type Finding, isTest, type Tree } from './tree.ts';

const WORLD = 'take what it gives as an argument or name it as an effect, and do it in edge/';
const CLOCK = 'take `now` from the event';
const CHANCE = 'take random bytes from the world the core is handed';

/** Names that pure code may not use, and what to do instead. Biome refuses the same ones. */
export const BANNED_NAMES: Record<string, string> = {
  Date: CLOCK,
  performance: CLOCK,
  'Math.random': CHANCE,
  crypto: CHANCE,
  setTimeout: 'answer with an effect that names the time, or act on the next tick',
  setInterval: 'act on the tick event',
  process: WORLD,
  fetch: WORLD,
  window: WORLD,
  document: WORLD,
  self: WORLD,
  globalThis: WORLD,
  navigator: WORLD,
  console: 'answer with an effect; edges log',
  Buffer: 'use Uint8Array and DataView',
  require: 'use import',
};

/** Clocks, chance and worlds in pure code (`protocol/` and every `core/`), tests included. */
export function checkNames(tree: Tree): Finding[] {
  return [...tree.sources].flatMap(([path, { globals }]) => {
    if (!/^(protocol|\w+\/core)$/.test(zoneOf(path))) return [];
    return globals.flatMap(({ name, line }) => {
      const instead = Object.hasOwn(BANNED_NAMES, name) ? BANNED_NAMES[name] : undefined;
      if (instead === undefined || (isTest(path) && name !== 'Math.random')) return [];
      return [{ path, line, message: `${name} in pure code: ${instead}` }];
    });
  });
}

/** Notes to oneself without an issue, and default exports outside configuration. */
export function checkNotes(tree: Tree): Finding[] {
  return [...tree.sources].flatMap(([path, { comments, defaultExports }]) => [
    ...comments
      .filter(({ text }) => /\b(TODO|FIXME|XXX)\b(?!\s*\(#\d+\))/.test(text))
      .map(({ line }) => ({
        path,
        line,
        message: 'a note without an issue: do it now, or write it as TODO(#12)',
      })),
    ...(/\.config\.ts$/.test(path) ? [] : defaultExports).map((line) => ({
      path,
      line,
      message: 'a default export: export it by name, so that every importer calls it the same',
    })),
  ]);
}

/** Test files that assert nothing. */
export function checkAssertions(tree: Tree): Finding[] {
  return [...tree.sources].flatMap(([path, { calls, imports }]) => {
    const suite = imports.some(({ specifier }) => specifier.endsWith('.contract.ts'));
    const asserts = [...calls].some((name) => /^(expect|assert)/.test(name));
    if (!isTest(path) || suite || asserts) return [];
    return [
      { path, line: 1, message: 'a test file without an assertion: call expect or fc.assert' },
    ];
  });
}

/** Modules that start a process, a browser or a runtime of models. */
const STARTERS =
  /(^node:(child_process|worker_threads)|\/(test-programs|compute-workers?|chromium)\.ts)$/;

/**
 * Tests that start something, and are not told apart: `npm run test:fast` leaves `*.slow.test.ts`
 * out.
 */
export function checkSlowTests(tree: Tree): Finding[] {
  return [...tree.sources].flatMap(([path, { imports }]) => {
    const isFast = isTest(path) && !/\.slow\.test\.tsx?$|^(sim|programs)\//.test(path);
    const found = imports.find(({ specifier }) => STARTERS.test(specifier));
    if (!isFast || found === undefined) return [];
    const message = `a test that imports ${found.specifier} starts something: call it x.slow.test.ts`;
    return [{ path, line: found.line, message }];
  });
}
