import { expect, test } from 'vitest';
import { findEmbeddingApp } from './embedded-browser.ts';

test.each([
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Line/14.1.0',
    'LINE',
  ],
  ['Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/22A [FBAN/FBIOS;FBAV/480.0]', 'Facebook'],
  [
    'Mozilla/5.0 (Linux; Android 15; Pixel 8; wv) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36 Instagram 350.0',
    'Instagram',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15; Pixel 8; wv) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36',
    'another app',
  ],
])('%s', (agent, app) => expect(findEmbeddingApp(agent)).toBe(app));

test.each([
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/156.0 Safari/537.36',
])('a browser of its own: %s', (agent) => expect(findEmbeddingApp(agent)).toBeUndefined());
