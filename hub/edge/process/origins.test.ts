import { expect, it } from 'vitest';
import { isOwnOrigin } from './origins.ts';

const host = 'grid.example:8443';
const at = (origin?: string) => ({
  headers: { host, ...(origin === undefined ? {} : { origin }) },
});

it('a program, an own page and a page of a named origin may open a socket', () => {
  expect(isOwnOrigin(at())).toBe(true);
  expect(isOwnOrigin(at('https://grid.example:8443'))).toBe(true);
  expect(isOwnOrigin(at('https://www.example'), ['https://www.example'])).toBe(true);
});

it('a page of another host, another port or of no origin may not', () => {
  for (const origin of [
    'https://evil.example',
    'https://grid.example',
    'https://grid.example:8443.evil.example',
    'null',
    '',
  ])
    expect(isOwnOrigin(at(origin), ['https://www.example'])).toBe(false);
  expect(isOwnOrigin({ headers: { origin: 'http://undefined' } })).toBe(false);
});
