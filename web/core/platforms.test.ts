import { expect, test } from 'vitest';
import { findPlatform } from './platforms.ts';

test.each([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Safari/604.1', 5, 'ios'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15', 5, 'ios'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15', 0, 'desktop'],
  ['Mozilla/5.0 (Linux; Android 10; K) Chrome/151.0.0.0 Mobile Safari/537.36', 5, 'android'],
  ['Mozilla/5.0 (X11; Linux x86_64) Chrome/151.0.0.0', 10, 'desktop'],
  ['', 0, 'desktop'],
])('%s with %i points of touch is %s', (agent, points, name) => {
  expect(findPlatform(agent, points).name).toBe(name);
});
