import { expect, test } from 'vitest';
import { findWebnn, nameEngine } from './capabilities.ts';

// privacy: told-of-itself
test.each([
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
    'Chromium 141',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Safari 18',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox 140'],
  ['Mozilla/5.0 (SM-G998B of Ann) Odd/1.0', 'unknown browser'],
])('of %s a hub is told %s alone', (agent, told) => {
  expect(nameEngine(agent)).toBe(told);
});

test('WebNN is offered by what a context is to be had for', async () => {
  const fakeContext = {};
  const fakeMl = {
    createContext: ({ deviceType }: { deviceType: string }) =>
      deviceType === 'cpu' ? Promise.reject(new Error('none')) : Promise.resolve(fakeContext),
  };
  expect(await findWebnn(fakeMl)).toEqual(['webnn-npu', 'webnn-gpu']);
  expect(await findWebnn(undefined)).toEqual([]);
});
