import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONTROL_PATH } from '#protocol/messages/control.ts';
import { openTestChain } from '../chain/dev-chain.ts';
import { CHAIN_PATH } from '../chain/open.ts';
import { SIGNALLING_SOCKET_PATH } from '../peering/signalling.ts';
import { openTestHub } from '../test-hub.ts';

const SEED = 10;
const PATHS = ['/', '/v1/health', '/v1/jobs', '/v1/blobs/x', '/assets/x.js', CHAIN_PATH];
const SOCKETS = [CONTROL_PATH, SIGNALLING_SOCKET_PATH, CHAIN_PATH];
const TARGETS = [
  ...[
    '//',
    '///',
    '//[',
    '//:0/',
    'http://[',
    'http://',
    '%',
    '/%',
    '/%zz',
    '/%c0%af',
    '/\\',
    '\\',
  ],
  ...[
    '*',
    '?',
    '/?',
    '/?%',
    '/?a=%zz',
    'hub:1',
    '://',
    '/..',
    '/../..',
    '/./',
    '/v1/',
    'a b',
    '/\x01',
  ],
  ...['/\u00ff', `/${'a'.repeat(12_000)}`, `/${'a'.repeat(40_000)}`, `//${'/'.repeat(9_000)}`],
  ...[...PATHS, ...SOCKETS].flatMap((path) => [
    `/${path}`,
    `${path}%`,
    `${path}?id=%`,
    `${path}//`,
  ]),
];

const chain = openTestChain();
const hub = openTestHub(() => ({ needsVerifier: false, chain: { url: chain.url, isDev: true } }));
const escaped: unknown[] = [];
const note = (error: unknown) => void escaped.push(error);

beforeAll(async () => {
  process.on('uncaughtExceptionMonitor', note);
  process.on('unhandledRejection', note);
});
afterAll(async () => {
  process.off('uncaughtExceptionMonitor', note);
  process.off('unhandledRejection', note);
});

/** The status that one request line is answered with. */
function statusOf(line: string, headers = ''): Promise<number> {
  const { hostname, port } = new URL(hub.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (said.includes('\r\n')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d{3})/.exec(said)?.[1])));
    socket.write(`${line} HTTP/1.1\r\nHost: hub\r\n${headers}\r\n`, 'latin1');
  });
}
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
const LIVES = [101, 200, 204, 301, 304, 400, 401, 403, 404, 405, 414, 431];

async function answersAll(targets: readonly string[]): Promise<void> {
  for (const target of targets) {
    for (const method of ['GET', 'POST', 'HEAD']) {
      expect(LIVES, `${method} ${target}`).toContain(await statusOf(`${method} ${target}`));
    }
    expect(LIVES, `upgrade ${target}`).toContain(await statusOf(`GET ${target}`, UPGRADE));
  }
  expect(escaped).toEqual([]);
  expect((await fetch(`${hub.url}/v1/health`)).status).toBe(200);
}

it('a hub answers every malformed request target of a table and lives on', async () => {
  await answersAll(TARGETS);
});

it(`a hub answers any request target and lives on (seed ${SEED})`, async () => {
  const part = fc.oneof(
    fc.constantFrom(
      '/',
      '//',
      '?',
      '#',
      '%',
      '[',
      ']',
      '@',
      ':',
      '\\',
      '..',
      'http:',
      '%2e',
      ...PATHS,
    ),
    fc.string({ maxLength: 12 }),
  );
  const target = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  await answersAll(fc.sample(target, { seed: SEED, numRuns: 200 }));
});
