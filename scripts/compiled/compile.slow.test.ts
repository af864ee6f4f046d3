import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { COMPILED } from '#node/compiled.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import { compilePrograms } from './compile.ts';

const { start } = openTestPrograms();
const run = (program: string) => start('--input-type=module', '--eval', program).ended;

it('an error of a compiled program names the line of its TypeScript', async () => {
  const failing =
    "import { must } from '#protocol/values/refusal.js'; must({ ok: false, refusal: {} });";
  const { code, errors } = await run(failing);
  expect([code, errors]).toEqual([1, expect.stringMatching(/\/protocol\/values\/refusal\.ts:\d+/)]);
});

it('the loader of TypeScript does nothing in a compiled program', async () => {
  const loading =
    "import { register } from 'tsx/esm/api'; register(); await import('./hub/main.ts');";
  const { code, errors } = await run(loading);
  expect([code, errors]).toEqual([1, expect.stringContaining('ERR_MODULE_NOT_FOUND')]);
});

it('a compiled file goes when its source is gone', async () => {
  const old = join(COMPILED, 'hub/of-no-source.js');
  await writeFile(old, '');
  await compilePrograms();
  expect(existsSync(old)).toBe(false);
});
