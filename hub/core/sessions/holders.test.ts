import { expect, test } from 'vitest';
import type { PeerId, PublicKey, Root } from '#protocol/values/ids.ts';
import { openBench } from '../fake-world.ts';

const root = 'ab'.repeat(32) as Root;
const keyOf = (socket: number) => socket.toString(16).padStart(64, '0') as PublicKey;

/** Devices on sockets 1 to `count`, all of which say that they hold the blob. */
function openHolders(count: number) {
  const bench = openBench();
  for (let socket = 1; socket <= count; socket += 1) {
    bench.join(socket, keyOf(socket), 'contributor');
    bench.say(socket, { type: 'have', root });
  }
  const peerOf = (socket: number) => bench.last(socket, 'welcome')?.peer ?? ('' as PeerId);
  const seek = (socket: number) => {
    bench.say(socket, { type: 'seek', root });
    return bench.last(socket, 'sources')?.peers ?? [];
  };
  return { bench, peerOf, seek };
}

test('sources are the others that hold the blob, and none that has gone', () => {
  const { bench, peerOf, seek } = openHolders(4);
  expect(new Set(seek(1))).toEqual(new Set([2, 3, 4].map(peerOf)));
  const [second, third, fourth] = [2, 3, 4].map(peerOf);
  bench.post({ type: 'disconnected', socket: 2 });
  expect(new Set(seek(1))).toEqual(new Set([third, fourth]));
  bench.post({ type: 'disconnected', socket: 4 });
  expect(seek(1)).toEqual([third]);
  bench.join(2, keyOf(2), 'contributor');
  expect(seek(1)).toEqual([third]);
  bench.say(2, { type: 'have', root });
  expect(new Set(seek(1))).toEqual(new Set([third, peerOf(2)]));
  expect(second).not.toBe(peerOf(2));
  bench.post({ type: 'disconnected', socket: 1 });
  bench.post({ type: 'disconnected', socket: 2 });
  bench.post({ type: 'disconnected', socket: 3 });
  expect(bench.hub().holders.size).toBe(0);
});

test('of many holders eight are named, others each time', () => {
  const { bench, seek } = openHolders(60);
  bench.join(61, keyOf(61), 'contributor');
  const named = Array.from({ length: 40 }, () => seek(61));
  expect(named.every((peers) => peers.length === 8)).toBe(true);
  expect(new Set(named.flat()).size).toBeGreaterThan(30);
});

test('a holder that three devices had no right bytes of is named no more, and to each of them at once', () => {
  const { bench, peerOf, seek } = openHolders(2);
  for (let socket = 3; socket <= 6; socket += 1) bench.join(socket, keyOf(socket), 'contributor');
  const [liar, honest] = [peerOf(1), peerOf(2)];
  const report = (socket: number) => {
    bench.say(socket, { type: 'seek', root, failed: [liar] });
    return bench.last(socket, 'sources')?.peers ?? [];
  };
  for (const socket of [3, 4]) {
    expect(new Set(seek(socket))).toEqual(new Set([liar, honest]));
    // One device counts once, however often it says so.
    for (let time = 0; time < 4; time += 1) {
      expect(report(socket)).toEqual([honest]);
      seek(socket);
    }
  }
  expect(seek(6)).toContain(liar);
  seek(5);
  expect(report(5)).toEqual([honest]);
  expect(seek(6)).toEqual([honest]);
  bench.say(1, { type: 'have', root });
  expect(seek(6)).toEqual([honest]);
  const other = 'cd'.repeat(32) as Root;
  bench.say(1, { type: 'have', root: other });
  bench.say(6, { type: 'seek', root: other });
  expect(bench.last(6, 'sources')?.peers).toEqual([liar]);
});

test('what is said of a holder by devices that were not named it counts nothing', () => {
  const { bench, peerOf, seek } = openHolders(1);
  for (let socket = 2; socket <= 9; socket += 1) {
    bench.join(socket, keyOf(socket), 'contributor');
    bench.say(socket, { type: 'seek', root, failed: [peerOf(1)] });
  }
  expect(seek(9)).toEqual([peerOf(1)]);
});
