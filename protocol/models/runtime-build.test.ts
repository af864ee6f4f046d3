import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { digest } from '../bytes/digest.ts';
import { RUNTIME_BUILD } from './runtime-build.ts';

const installed = (name: string) =>
  readFileSync(new URL(`../../node_modules/onnxruntime-web/${name}`, import.meta.url));

describe('the pinned runtime', () => {
  it.each([RUNTIME_BUILD.wasm, RUNTIME_BUILD.glue])('is the installed $name', (file) => {
    expect(digest(installed(`dist/${file.name}`))).toBe(file.sha256);
  });

  it('is of the version the exact lane names', () => {
    const { version } = JSON.parse(installed('package.json').toString()) as { version: string };
    expect(version).toBe(RUNTIME_BUILD.version);
  });
});
