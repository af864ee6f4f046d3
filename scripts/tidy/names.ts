import { zoneOf } from './imports.ts';
import { type Finding, isTest, type Tree } from './tree.ts';

/** Chance in pure code (`protocol/` and every `core/`). Biome bans the other names there. */
export function checkChance(tree: Tree): Finding[] {
  return [...tree.sources.keys()].flatMap((path) => {
    if (!/^(protocol|\w+\/core)$/.test(zoneOf(path))) return [];
    const lines = (tree.texts.get(path) ?? '').split('\n');
    const message = 'Math.random in pure code: take random bytes from the world the core is handed';
    return lines.flatMap((text, at) =>
      text.includes('Math.random') ? [{ path, line: at + 1, message }] : [],
    );
  });
}

/**
 * Signals made of others. Node holds those others weakly: a timer that only such a signal has is
 * collected, and what waits for it waits for ever.
 */
export function checkDeadlines(tree: Tree): Finding[] {
  const message = 'AbortSignal.any, whose timer Node may collect: call openDeadline of client/';
  return [...tree.sources].flatMap(([path, { calls }]) =>
    calls.has('AbortSignal.any') ? [{ path, line: 1, message }] : [],
  );
}

/** Notes to oneself without an issue. */
export function checkNotes(tree: Tree): Finding[] {
  const message = 'a note without an issue: do it now, or write it as TODO(#12)';
  return [...tree.sources].flatMap(([path, { comments }]) =>
    comments
      .filter(({ text }) => /\b(TODO|FIXME|XXX)\b(?!\s*\(#\d+\))/.test(text))
      .map(({ line }) => ({ path, line, message })),
  );
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
