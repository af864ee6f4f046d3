import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'vite';
import { COMPILED, ROOT } from '#node/compiled.ts';
import { compiledName } from './compile.ts';

/** Has modules of ours that a test runs in its own process start their threads compiled. */
export const startCompiled: Plugin = {
  name: 'start-compiled',
  enforce: 'pre',
  transform(code, id) {
    if (/\.test\.tsx?$/.test(id)) return null;
    return code.replace(BESIDE, (_, path: string) => {
      const source = join(dirname(id), path);
      const file = join(COMPILED, compiledName(source.slice(ROOT.length + 1)));
      return `new URL('${pathToFileURL(file)}')`;
    });
  },
};

/** How a module names a program or a thread that lies beside it. */
const BESIDE = /new URL\('(\.[\w./-]+\.(?:ts|mjs))', import\.meta\.url\)/g;
