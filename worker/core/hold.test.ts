import { describe, expect, it } from 'vitest';
import { CARE_NONE, PRESETS, SIGNALS_NONE } from '#protocol/messages/care.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { openBench } from './fake-world.ts';

const PLUGGED = { ...SIGNALS_NONE, line: 'wifi' as const, battery: { level: 80, charging: true } };
const UNPLUGGED = { ...PLUGGED, battery: { level: 80, charging: false } };
const care = { ...PRESETS.all, onlyCharging: true };

function openWorking() {
  const bench = openBench({ care, signals: PLUGGED });
  bench.join();
  bench.lease('ab');
  return bench;
}
const reasons = ({ all }: ReturnType<typeof openBench>) =>
  all('send').flatMap(({ message }) => (message.type === 'give-back' ? [message.reason.code] : []));

describe('a device that is held back by its settings', () => {
  // privacy: settings-stay
  it('gives its work back at once, and tells the hub no more than that', () => {
    const bench = openWorking();
    expect(bench.status()).toMatchObject({ phase: 'working' });
    bench.post({ type: 'signals', signals: UNPLUGGED });
    expect(bench.status()).toMatchObject({ phase: 'paused', reason: { code: 'unplugged' } });
    expect(reasons(bench)).toEqual(['stopped']);
    expect(bench.device.engine).toBeUndefined();
    const sent = bench.said().length;
    bench.wait(60_000);
    expect(bench.said().slice(sent)).toEqual(['beat']);
  });

  it('asks for work again when it may', () => {
    const bench = openWorking();
    bench.post({ type: 'signals', signals: UNPLUGGED });
    bench.post({ type: 'care', policy: { ...care, onlyCharging: false } });
    expect(bench.status()).toMatchObject({ phase: 'idle' });
    // One request was open all the time.
    bench.lease('cd');
    expect(bench.status()).toMatchObject({ phase: 'working' });
    expect(reasons(bench)).toEqual(['stopped']);
  });

  it('hands in what is computed', () => {
    const bench = openWorking();
    bench.endRun();
    bench.post({ type: 'signals', signals: UNPLUGGED });
    expect(bench.said()).toContain('commit');
    expect(reasons(bench)).toEqual([]);
  });

  it('refuses a lease that was on its way', () => {
    const bench = openWorking();
    bench.post({ type: 'signals', signals: UNPLUGGED });
    bench.lease('cd');
    expect(reasons(bench)).toEqual(['stopped', 'stopped']);
  });

  it('that is hidden says so first', () => {
    const bench = openWorking();
    bench.post({ type: 'visible', visible: false });
    bench.post({ type: 'signals', signals: UNPLUGGED });
    expect(bench.status()?.reason.code).toBe('hidden');
    expect(reasons(bench)).toEqual(['hidden']);
  });

  it('stops when its time is up, until the next start', () => {
    const bench = openBench({ care: { ...CARE_NONE, stopsAfter: 1 } });
    bench.join();
    bench.wait(60_000);
    expect(bench.said()).toContain('bye');
    expect(bench.status()).toMatchObject({ phase: 'off', reason: { code: 'time-up' } });
    bench.post({ type: 'start' });
    expect(bench.status()).toMatchObject({ phase: 'connecting' });
  });
});

describe('a device that works a part of the time', () => {
  it('rests after each shard, and has one at a time', () => {
    const bench = openBench({ care: { ...CARE_NONE, duty: 10 } });
    bench.join();
    const lease = bench.lease('ab');
    const requests = () => bench.said().filter((type) => type === 'request').length;
    const before = requests();
    bench.endRun();
    bench.log(lease);
    expect(bench.status()).toMatchObject({ phase: 'working', reason: { code: 'resting' } });
    expect(requests()).toBe(before);
    // A run of 5 ms, and 45 ms of rest.
    bench.wait(44);
    expect(requests()).toBe(before);
    bench.wait(1);
    expect(requests()).toBe(before + 1);
  });
});

describe('what is sent and received in a day', () => {
  it('counts models, inputs and results, and is kept for the next visit', () => {
    const bench = openBench();
    bench.join();
    bench.lease('ab');
    bench.endRun();
    const { bytesToday = 0 } = bench.status() ?? {};
    expect(bytesToday).toBeGreaterThan(0);
    bench.post({ type: 'served', total: bytes(3 * 2 ** 20) });
    bench.wait(1_000);
    expect(bench.status()?.bytesToday).toBe(bytesToday + 3 * 2 ** 20);
    expect(bench.memory().today?.bytes).toBe(bytesToday + 3 * 2 ** 20);
    const next = openBench({ memory: bench.memory() });
    next.post({ type: 'start' });
    next.wait(1);
    expect(next.status()?.bytesToday).toBe(bytesToday + 3 * 2 ** 20);
  });
});

describe('what a device did', () => {
  // privacy: history-local
  it('is told to its person, and to no hub', () => {
    const bench = openWorking();
    const [lease] = bench.device.shards.map((shard) => shard.lease.id);
    bench.endRun();
    if (lease === undefined) throw new Error('there is no lease');
    bench.log(lease);
    bench.hear({ type: 'accepted', lease, units: 1, workBefore: 0, unitCost: 1 });
    bench.post({ type: 'signals', signals: UNPLUGGED });
    expect(bench.all('note').map(({ note }) => note.what)).toContain('paused');
    const said = JSON.stringify(bench.all('send'));
    for (const word of ['unplugged', 'paused', 'bytesToday', 'day']) {
      expect(said).not.toContain(`"${word}"`);
    }
  });

  it('is noted for its person: start, shards, checks, pauses and their ends, stop', () => {
    const bench = openWorking();
    const lease = bench.device.shards[0]?.lease;
    bench.endRun();
    if (lease !== undefined) bench.log(lease.id);
    const counted = { units: 1, workBefore: 0, unitCost: 1 };
    if (lease !== undefined) bench.hear({ type: 'accepted', lease: lease.id, ...counted });
    const job = `job_${'1'.repeat(16)}` as JobId;
    bench.hear({ type: 'judgement', job, unit: 5, kind: 'match' });
    bench.post({ type: 'signals', signals: UNPLUGGED });
    bench.post({ type: 'signals', signals: PLUGGED });
    bench.post({ type: 'stop' });
    const notes = bench.all('note').map(({ note }) => note);
    expect(notes.map(({ what }) => what)).toEqual([
      ...['started', 'accepted', 'verdict', 'paused', 'resumed', 'stopped'],
    ]);
    expect(notes[1]).toMatchObject({ job, model: 'numbers', units: 1, provider: 'wasm' });
    expect(notes[3]).toMatchObject({ reason: { code: 'unplugged' } });
  });
});
