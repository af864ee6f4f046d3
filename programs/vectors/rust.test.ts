import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
/** On this machine, with what was fetched before: a test asks no registry for anything. */
const cargo = (...words: string[]) =>
  run('cargo', [...words, '--locked', '--offline', '--manifest-path', 'programs/Cargo.toml'], {
    env: { ...process.env, CARGO_TARGET_DIR: resolve('.build/rust') },
  });

const lacking = await cargo('fetch').then(
  () => '',
  () => ': needs cargo, and once `cargo fetch --locked --manifest-path programs/Cargo.toml`',
);

it.skipIf(lacking !== '')(`agree with the Rust of the program${lacking}`, async () => {
  const { stdout } = await cargo('test', '--package', 'settlement', '--test', 'vectors');
  expect(stdout).toMatch(/test result: ok\. [1-9]\d* passed; 0 failed/);
});
