import type { Front } from './front.ts';

const PROGRAMS = /^\/assets\/(main|compute-[a-z-]+)-[\w-]+\.js$/;

/**
 * Has every worker of a page run this before its program, workers' workers too, which no script of the
 * page reaches.
 */
export function preludeWorkers(front: Front, prelude: () => void): void {
  const before = `if (typeof document === 'undefined') (${prelude})();`;
  front.change(PROGRAMS, (program) => `${before}\n${program}`);
}
