import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const IMPORT = /^(?:import|export) (?!type\b)[^'";]*?(?:from )?'(\.[^'?]+\.tsx?)'/gm;

/** Modules of the script that the page loads first: what its entry imports at once, files as paths. */
export function firstFiles(root: string): string[] {
  const found = new Set<string>();
  const open = [join(root, 'web/main.tsx')];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      open.push(join(dirname(file), path));
    }
  }
  return [...found].sort();
}
