import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fakeMessages, spoiledMessages } from '#node/fake-messages.ts';
import { INSPECT, openMemoryReader, type ProgramMemory } from '#node/inspect-memory.ts';
import { inLanes } from '#node/lanes.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import { EvidenceRequest, PardonRequest } from '#protocol/api/api.ts';
import { JobOptions } from '#protocol/api/job.ts';
import { KeyRequest } from '#protocol/api/keys.ts';
import { ModelOptions } from '#protocol/api/models.ts';
import { ClientMessage, FrameHead, HubMessage } from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import { PeerSignal, ServerSignal } from '#protocol/messages/signalling.ts';
import { ChainAccounts, FundRequest, PayoutRequest } from '#protocol/settlement/money-api.ts';
import { SIGNALLING_SOCKET_PATH } from './edge/peering/signalling.ts';
import { makeFakeKey, openFakeSession } from './edge/sockets/fake-client.ts';
import { WebSocket } from './edge/sockets/web-socket.ts';

/**
 * Random messages to each door of a real hub and a real chain, made from their schemas; both live,
 * and hold no more than before. `npm run hostile` sends 100,000 to each.
 */
const MESSAGES = Number(process.env['HOSTILE_MESSAGES'] ?? 1_500);
/** Sent first: code is compiled and buffers have grown then. */
const WARM_UP = Math.max(1_500, MESSAGES / 10);
const SEED = 12;
/** Of memory after the messages to what it was before them. */
const GROWTH_MAX = 1.1;
const SETTLE_MS_MAX = 60_000;
const SETTLE_POLL_MS = 1_000;
/** A device without a lease may say 200 things at once. */
const AT_ONCE = 190;
const LIMIT_MS = 120_000 + MESSAGES * 10;

const programs = openTestPrograms();
const { data, start } = programs;
const verifier = makeFakeKey();
let chain: ReturnType<typeof start>;
let hub: ReturnType<typeof start>;
let [chainUrl, url, key] = ['', '', ''];
let readers: Record<'chain' | 'hub', () => Promise<ProgramMemory>>;

beforeAll(async () => {
  chain = start(INSPECT, 'chain-dev/main.ts', '--port', '0', '--data', data);
  const readChain = openMemoryReader(chain.child.stderr);
  chainUrl = (await chain.ready).url ?? '';
  const words = ['--port', '0', '--data', join(data, 'hub'), '--dev-chain', chainUrl];
  hub = start(INSPECT, 'hub/main.ts', ...words, '--verifier-key', verifier.key);
  readers = { chain: readChain, hub: openMemoryReader(hub.child.stderr) };
  ({ url = '', key = '' } = await hub.ready);
}, 60_000);

interface Batch {
  /** How many were sent before it. */
  sent: number;
  count: number;
}

/** Sends what warms the programs up, then all the others: memory stays within its bound. */
async function sendAll(send: (batch: Batch) => Promise<void>): Promise<void> {
  const part = async (from: number, to: number) => {
    for (let sent = from; sent < to; sent += AT_ONCE) {
      await send({ sent, count: Math.min(AT_ONCE, to - sent) });
    }
  };
  await part(0, WARM_UP);
  const before = await readAll();
  await part(WARM_UP, WARM_UP + MESSAGES);
  const after = await settledUnder(before);
  if (MESSAGES > WARM_UP) process.stdout.write(`${describeGrowth(before, after)}\n`);
  expect(growthOf(before, after), describeGrowth(before, after)).toBeLessThan(GROWTH_MAX);
}

type Memory = Record<'chain' | 'hub', ProgramMemory>;

const readAll = async (): Promise<Memory> => ({
  chain: await readers.chain(),
  hub: await readers.hub(),
});

/** Memory once it is within its bound again: what closes takes a moment. */
async function settledUnder(before: Memory): Promise<Memory> {
  const until = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const after = await readAll();
    if (growthOf(before, after) < GROWTH_MAX || performance.now() > until) return after;
    await sleep(SETTLE_POLL_MS);
  }
}

/** The most that either program has grown, on its heap or as a whole. */
const growthOf = (before: Memory, after: Memory): number =>
  Math.max(...PLACES.map((read) => read(after) / read(before)));

const PLACES: readonly ((memory: Memory) => number)[] = [
  ({ hub: { heap } }) => heap,
  ({ hub: { resident } }) => resident,
  ({ chain: { heap } }) => heap,
  ({ chain: { resident } }) => resident,
];

const describeGrowth = (before: Memory, after: Memory): string =>
  `memory before: ${JSON.stringify(before)}, after: ${JSON.stringify(after)}`;

/** Half of them as a schema has them, half spoiled. */
function makeMessages(schemas: readonly unknown[]): (batch: Batch) => unknown[] {
  const each = schemas.flatMap((schema) => [fakeMessages(schema), spoiledMessages(schema)]);
  const messages = fc.oneof(...each);
  return ({ sent, count }) => fc.sample(messages, { seed: SEED + sent, numRuns: count });
}

/** Resolves when all that was sent is read, or the socket is closed. */
const heard = (socket: WebSocket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    socket.once('pong', () => resolve());
    socket.once('close', () => resolve());
    socket.ping();
  });

/** That both processes live, that nothing was a bug, and that an honest device is welcomed. */
async function expectWell(): Promise<void> {
  expect([hub.child.exitCode, chain.child.exitCode]).toEqual([null, null]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^pocketgrid_step_errors_total 0$/m);
  expect(metrics).toMatch(/^pocketgrid_seeder_restarts_total 0$/m);
  expect(await (await fetch(`${url}/v1/health`)).json()).toMatchObject({ status: 'ok' });
  const session = await openFakeSession(url, 'contributor');
  expect(session.welcome.ticket).toBeTypeOf('string');
  session.socket.close();
}

describe(`a hub that is sent ${MESSAGES} random messages`, { timeout: LIMIT_MS }, () => {
  it(`on its control sockets lives (seed ${SEED})`, async () => {
    const messagesOf = makeMessages([ClientMessage, FrameHead, HubMessage]);
    let turn = 0;
    await sendAll(async (batch) => {
      turn += 1;
      const role = turn % 4 === 0 ? 'verifier' : 'contributor';
      const session = await openFakeSession(url, role, role === 'verifier' ? verifier : undefined);
      for (const [at, message] of messagesOf(batch).entries()) {
        if (session.socket.readyState !== WebSocket.OPEN) break;
        if (at % 3 > 0) session.say(message);
        else session.socket.send(encodeFrame(message as FrameHead, new Uint8Array(at)));
      }
      await heard(session.socket);
      session.socket.terminate();
    });
    await expectWell();
  });

  it(`on its signalling sockets lives, and so does its seeder (seed ${SEED})`, async () => {
    const messagesOf = makeMessages([PeerSignal, ServerSignal]);
    await sendAll(async (batch) => {
      const session = await openFakeSession(url, 'contributor');
      const { peer = '', peerToken = '', seeder = '' } = session.welcome;
      const query = new URLSearchParams({ key: 'peerjs', id: peer, token: peerToken });
      const at = `${url.replace('http', 'ws')}${SIGNALLING_SOCKET_PATH}?${query}`;
      const socket = new WebSocket(at);
      await new Promise((resolve) => socket.once('open', resolve));
      for (const message of messagesOf(batch)) {
        // To the seeder, which is there, more often than to nobody.
        const to = typeof message === 'object' && message !== null && 'dst' in message;
        socket.send(JSON.stringify(to ? { ...message, dst: seeder } : message));
      }
      await heard(socket);
      socket.terminate();
      session.socket.terminate();
    });
    await expectWell();
  });

  it(`on its API lives (seed ${SEED})`, async () => {
    const doors = [
      ['POST', '/v1/payouts', PayoutRequest],
      ['POST', '/v1/evidence', EvidenceRequest],
      ['POST', '/v1/chain', ChainAccounts],
      ['POST', '/v1/jobs', JobOptions],
      ['POST', '/v1/models', ModelOptions],
      ['POST', '/v1/keys', KeyRequest],
      ['POST', '/v1/jobs/job_0000000000000001/fund', FundRequest],
      ['POST', '/v1/jobs/job_0000000000000001/closing', FundRequest],
      ['POST', '/v1/devices/%00/pardon', PardonRequest],
      ['POST', '/v1/settlements', FundRequest],
    ] as const;
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
    const statuses = new Set<number>();
    const messagesOf = makeMessages(doors.map(([, , schema]) => schema));
    let turn = 0;
    await sendAll((batch) =>
      inTurns(messagesOf(batch), async (message) => {
        turn += 1;
        const [method = 'POST', path = '/'] = doors[turn % doors.length] ?? [];
        const body = JSON.stringify(message);
        const query = `?after=${turn % 7 ? turn : encodeURIComponent(Buffer.from(body.slice(0, 40)).toString())}`;
        const answer = await fetch(`${url}${path}${query}`, { method, body, headers });
        await answer.arrayBuffer();
        statuses.add(answer.status);
      }),
    );
    // What it does not do for a reason has one; 500 is a bug.
    expect([...statuses].filter((status) => status === 500)).toEqual([]);
    expect(statuses.size).toBeGreaterThan(2);
    await expectWell();
  });

  it(`and passes them on to its chain, which lives as well (seed ${SEED})`, async () => {
    const methods = ['getBalance', 'getAccountInfo', 'sendTransaction', 'simulateTransaction'];
    const more = ['requestAirdrop', 'getSignatureStatuses', 'getFeeForMessage', 'isBlockhashValid'];
    const call = fc.record({
      jsonrpc: fc.constantFrom('2.0', '1.0'),
      id: fc.oneof(fc.integer(), fc.string({ maxLength: 5 })),
      method: fc.constantFrom(...methods, ...more, 'getMultipleAccounts', 'toString'),
      params: fc.array(fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.base64String(), accounts), {
        maxLength: 3,
      }),
    });
    const headers = { 'Content-Type': 'application/json' };
    const calls = fc.oneof({ weight: 8, arbitrary: call }, fc.jsonValue());
    await sendAll(({ sent, count }) =>
      inTurns(fc.sample(calls, { seed: SEED + sent, numRuns: count }), async (said) => {
        const body = JSON.stringify(said);
        const answer = await fetch(`${url}/chain`, { method: 'POST', body, headers });
        await answer.arrayBuffer();
        expect(answer.status).toBe(200);
      }),
    );
    const health = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getHealth' });
    const answer = await fetch(chainUrl, { method: 'POST', body: health, headers });
    expect(await answer.json()).toMatchObject({ result: 'ok' });
    await expectWell();
  });
});

const accounts = fc.constantFrom(
  'So11111111111111111111111111111111111111112',
  '11111111111111111111111111111111',
);

/** At a time: both ends have sockets to spare then. */
const inTurns = <T>(all: readonly T[], work: (one: T) => Promise<void>) => inLanes(16, all, work);
