import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { BLOCKS_NONE } from '#protocol/api/about.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { CARE_NONE, SIGNALS_NONE } from '#protocol/messages/care.ts';
import { PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { openDeviceLoop } from './loop.ts';
import { openMemoryCache } from './memory-cache.ts';

const KEY = 'ab'.repeat(32) as PublicKey;
const config = {
  key: KEY,
  capabilities: {
    providers: ['wasm' as const],
    features: [],
    threads: 1,
    memoryBytes: bytes(2 ** 30),
    engine: 'test',
  },
  provider: 'auto' as const,
  skipped: [],
  knownBad: [],
  runtime: 'test',
  memory: { deaths: [], admissions: [] },
  fetchesRuntime: false,
  isKept: true,
  provableBytes: bytes(1e9),
  recycleShards: 2_000,
  serves: false,
  donates: 'none' as const,
  blocks: BLOCKS_NONE,
  care: CARE_NONE,
  signals: SIGNALS_NONE,
};

test('a key that cannot sign closes the socket, and the device tries again later', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  let hungUp = 0;
  server.on('connection', (socket) => {
    const challenge = { type: 'challenge', versions: [PROTOCOL_VERSION], hub: KEY, nonce: KEY };
    socket.on('close', () => {
      hungUp += 1;
    });
    socket.send(JSON.stringify(challenge));
  });
  const told: DeviceStatus[] = [];
  const loop = openDeviceLoop(config, {
    hub: new URL(`http://127.0.0.1:${port}`),
    openSocket: (url) => new WebSocket(url) as unknown as globalThis.WebSocket,
    sign: async () => {
      throw new Error('the key store is gone');
    },
    remember: async () => undefined,
    cache: openMemoryCache(1_000),
    openPort: () => ({ post: () => undefined, terminate: () => undefined }),
    tell: (status) => told.push(status),
  });
  try {
    loop.post({ type: 'start' });
    await vi.waitUntil(() => hungUp >= 2, { timeout: 20_000 });
    expect(told.map(({ reason }) => describeReason(reason)).join('\n')).toContain(
      'the key store is gone',
    );
    expect(told.map(({ phase }) => phase)).toContain('waiting');
  } finally {
    loop.close();
    await new Promise((resolve) => server.close(resolve));
  }
});
