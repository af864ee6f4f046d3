import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { missingEntries, platformOf } from './complete-lock.ts';

test('a platform is read from the name of a prebuilt package', () => {
  expect(platformOf('@rollup/rollup-linux-x64-musl')).toEqual({
    os: ['linux'],
    cpu: ['x64'],
    libc: ['musl'],
  });
  expect(platformOf('@biomejs/cli-darwin-arm64')).toEqual({ os: ['darwin'], cpu: ['arm64'] });
  expect(platformOf('fsevents')).toBeUndefined();
});

test('the committed lock file lacks no platform: npm ci would refuse it', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  expect([...missingEntries(lock.packages).keys()]).toEqual([]);
});
