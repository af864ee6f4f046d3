import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { dequantise } from './dequantise.ts';
import { FORMATS } from './formats.ts';

const vectors: Record<string, { bytes: string; values: number[] }> = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
);

// What the gguf package of PyPI says: `vectors.py`.
it.each([...FORMATS.values()])('$name gives the numbers of the gguf package', (format) => {
  const { bytes = '', values = [] } = vectors[format.name] ?? {};
  const data = Uint8Array.from(bytes.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const found = dequantise({ name: 'x', shape: [values.length], format, data });
  expect(found).toHaveLength(Math.max(format.numbers, 8));
  const most = Math.max(...values.map(Math.abs));
  for (const [at, value] of values.entries()) {
    expect(Math.abs((found[at] ?? Number.NaN) - value)).toBeLessThanOrEqual(most * 1e-6);
  }
});
