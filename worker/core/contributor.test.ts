import { expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { concatBytes, sha256 } from '#protocol/bytes/digest.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { millis } from '#protocol/values/units.ts';

import type { KeptAdmission } from './events.ts';
import { openBench, PACKAGE } from './fake-world.ts';

test('a device does nothing before start', () => {
  const bench = openBench();
  bench.wait(5_000);
  expect(bench.all('connect')).toEqual([]);
  expect(bench.device.running).toBe(false);
});

test('hello, admission, request, lease, commit, reveal, accepted: in this order', () => {
  const bench = openBench();
  bench.join();
  expect(bench.said()).toEqual(['hello', 'request', 'admitted']);
  const id = bench.lease('a');
  expect(bench.status()?.phase).toBe('working');
  bench.endRun();
  expect(bench.said().slice(-2)).toContain('commit');
  expect(bench.all('send-frame')).toHaveLength(0);
  bench.log(id);
  expect(bench.all('send-frame').at(-1)?.head).toMatchObject({
    type: 'reveal',
    reveal: { lease: id },
  });
  bench.hear({ type: 'accepted', lease: id, units: 1, workBefore: 2_299_000, unitCost: 1_000 });
  expect(bench.device.shards).toEqual([]);
  bench.wait(500);
  expect(bench.status()).toMatchObject({ unitsAccepted: 1, shardsAccepted: 1, provider: 'wasm' });
  expect(bench.status()).not.toHaveProperty('unitsPerSecond');
  expect(bench.status()?.checks).toEqual({
    policy: CHECK_POLICY_DEFAULT,
    units: 2_300,
    model: 'numbers',
  });
});

test('units that come along with a lease are computed at once, others than it names are fetched', () => {
  const bench = openBench();
  bench.join();
  const fetched = () => bench.all('fetch').filter(({ target }) => target.kind === 'units').length;
  const units = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const digests = concatBytes(sha256(units.subarray(0, 4)), sha256(units.subarray(4)));
  const along = (bytes: Uint8Array) => ({
    units: encodeBase64(bytes),
    digests: encodeBase64(digests),
  });
  bench.lease('a', 2, along(units));
  expect(fetched()).toBe(0);
  expect(bench.all('run').at(-1)?.inputs).toEqual(units);
  bench.endRun();
  const wrong = [units.toReversed(), units.subarray(4), new Uint8Array(0)];
  for (const [at, bytes] of wrong.entries()) {
    bench.hear({
      type: 'declined',
      code: 'lease-expired',
      message: 'late',
      lease: bench.device.shards.at(-1)?.lease.id,
    });
    bench.lease('bcd'.charAt(at), 2, along(bytes));
    expect(fetched()).toBe(at + 1);
  }
});

test('a device keeps every verdict on its work, the newest first, and a failure starts trust anew', () => {
  const bench = openBench();
  bench.join();
  const id = bench.lease('a');
  bench.endRun();
  bench.log(id);
  bench.hear({ type: 'accepted', lease: id, units: 1, workBefore: 2_299_000, unitCost: 1_000 });
  const job = 'job_0123456789abcdef' as JobId;
  for (let unit = 0; unit < 30; unit += 1) {
    bench.hear({ type: 'judgement', job, unit, kind: unit === 29 ? 'mismatch' : 'match' });
  }
  bench.wait(500);
  const status = bench.status();
  expect(status?.verdicts).toHaveLength(20);
  expect(status?.verdicts[0]).toMatchObject({ job, unit: 29, kind: 'mismatch' });
  expect(status).toMatchObject({ unitsChecked: 30, unitsMismatched: 1, checks: { units: 0 } });
});

test('a device asks for the next shard while one computes, and never holds a third', () => {
  const bench = openBench();
  bench.join();
  bench.lease('a');
  expect(bench.said().filter((type) => type === 'request')).toHaveLength(2);
  bench.lease('b');
  bench.lease('c');
  expect(bench.device.shards).toHaveLength(2);
  expect(bench.said().at(-1)).toBe('give-back');
  expect(bench.all('run').filter(({ unitCount }) => unitCount === 1).length).toBeGreaterThan(1);
});

test('a device that is told of a lease twice holds it once', () => {
  const bench = openBench();
  bench.join();
  bench.lease('a');
  bench.lease('a');
  expect(bench.device.shards).toHaveLength(1);
  expect(bench.said()).not.toContain('give-back');
});

test('a hidden page gives back what is not committed, at once, and frees the processor', () => {
  const bench = openBench();
  bench.join();
  bench.lease('a');
  bench.post({ type: 'visible', visible: false });
  expect(bench.said().at(-1)).toBe('give-back');
  expect(bench.device.engine).toBeUndefined();
  expect(bench.status()).toMatchObject({
    phase: 'paused',
    reason: why('hidden', {}),
  });
  bench.wait(60_000);
  expect(bench.said().filter((type) => type === 'request')).toHaveLength(2);
  bench.post({ type: 'visible', visible: true });
  bench.lease('b');
  expect(bench.device.shards).toHaveLength(1);
});

test('a device that waits for the hub connects at once when its person asks, once a second at most', () => {
  const bench = openBench();
  const fail = () => {
    const { socket } = bench.all('connect').at(-1) ?? { socket: 0 };
    bench.post({ type: 'closed', socket, reason: 'the hub cannot be reached' });
  };
  bench.post({ type: 'start' });
  for (let tries = 0; tries < 6; tries += 1) {
    fail();
    while (bench.status()?.phase === 'waiting') bench.wait(1_000);
  }
  fail();
  const before = bench.all('connect').length;
  bench.post({ type: 'try-now' });
  expect(bench.all('connect')).toHaveLength(before);
  bench.wait(1_000);
  bench.post({ type: 'try-now' });
  bench.post({ type: 'try-now' });
  expect(bench.all('connect')).toHaveLength(before + 1);
  expect(bench.status()?.phase).toBe('connecting');
  bench.welcome();
  expect(bench.status()?.phase).toBe('idle');
  bench.post({ type: 'try-now' });
  expect(bench.all('connect')).toHaveLength(before + 1);
});

test('a device that is to finish takes nothing more, hands in its shard, then stops and says why', () => {
  const bench = openBench();
  bench.join();
  const id = bench.lease('a');
  bench.post({ type: 'finish', reason: why('updating', {}) });
  const asked = bench.said().filter((type) => type === 'request').length;
  bench.lease('b');
  expect(bench.said().at(-1)).toBe('give-back');
  bench.endRun();
  bench.log(id);
  bench.wait(500);
  expect(bench.device.running).toBe(true);
  bench.hear({ type: 'accepted', lease: id, units: 1, workBefore: 0, unitCost: 1_000 });
  expect(bench.said().at(-1)).toBe('bye');
  expect(bench.said().filter((type) => type === 'request')).toHaveLength(asked);
  expect(bench.status()).toMatchObject({ phase: 'off', reason: why('updating', {}) });
  bench.post({ type: 'start' });
  bench.welcome();
  expect(bench.device.running).toBe(true);
});

test('a device that takes what is kept alone tests no other model, and downloads none', () => {
  const kept: KeptAdmission = {
    ...{ package: PACKAGE, runtime: 'test', chosen: 'auto', provider: 'wasm', dtype: 'f32' },
    ...{ threads: 1, unitMs: millis(1), trials: [] },
  };
  const other = openBench({ onlyKept: true });
  other.join();
  other.wait(60_000);
  expect(other.all('fetch')).toEqual([]);
  expect(other.status()?.reason).toEqual(why('nothing-kept', {}));
  const bench = openBench({ onlyKept: true, memory: { deaths: [], admissions: [kept] } });
  bench.join();
  expect(bench.all('fetch')).toMatchObject([{ target: { kind: 'blob', kept: true } }]);
  expect(bench.said()).toContain('admitted');
});

test('a device that is to finish stops at once where it computes nothing', () => {
  const bench = openBench();
  bench.post({ type: 'start' });
  bench.welcome();
  bench.post({ type: 'finish', reason: why('updating', {}) });
  expect(bench.status()?.phase).toBe('off');
});

test('a hub that is down is tried again after longer and longer, and the page says so', () => {
  const bench = openBench();
  bench.post({ type: 'start' });
  const waits: number[] = [];
  for (let tries = 1; tries <= 5; tries += 1) {
    const { socket } = bench.all('connect').at(-1) ?? { socket: 0 };
    bench.post({ type: 'closed', socket, reason: 'the hub cannot be reached' });
    expect(bench.status()).toMatchObject({
      phase: 'waiting',
      reason: {
        code: 'reconnecting',
        values: { text: expect.stringContaining('cannot be reached'), seconds: expect.any(Number) },
      },
    });
    let waited = 0;
    while (bench.all('connect').length === tries) {
      bench.wait(100);
      waited += 100;
    }
    waits.push(waited);
  }
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits.at(-1)).toBeGreaterThan(4 * (waits[0] ?? 0));
});

test('a device says again after a new welcome what it committed', () => {
  const bench = openBench();
  bench.join();
  const id = bench.lease('a');
  bench.endRun();
  const { socket } = bench.all('connect').at(-1) ?? { socket: 0 };
  bench.post({ type: 'closed', socket, reason: 'gone' });
  bench.wait(2_000);
  bench.welcome();
  expect(bench.said().filter((type) => type === 'commit')).toHaveLength(2);
  bench.hear({ type: 'revoked', lease: id, code: 'lease-unknown', message: 'it has expired' });
  expect(bench.device.shards).toEqual([]);
});

test('a run that never ends costs the compute worker, not the device', () => {
  const bench = openBench();
  bench.join();
  bench.lease('a');
  const stuck = bench.device.engine?.worker;
  bench.wait(21_000);
  expect(bench.all('terminate').map(({ worker }) => worker)).toContain(stuck);
  expect(bench.said()).toContain('unit-failed');
  bench.lease('b');
  expect(bench.device.engine?.worker).not.toBe(stuck);
});

const REFUSAL = { code: 'model-run-failed', message: 'indices out of bounds' } as const;
const told = (bench: ReturnType<typeof openBench>) =>
  bench.all('send').flatMap(({ message }) => (message.type === 'unit-failed' ? [message] : []));

test('a unit that the runtime refuses is told, and the compute worker goes on', () => {
  const bench = openBench();
  bench.join();
  const id = bench.lease('a');
  const { worker, run } = bench.all('run').at(-1) ?? { worker: 0, run: 0 };
  bench.post({ type: 'worker-failed', worker, run, unit: 0, refusal: REFUSAL });
  expect(told(bench)).toMatchObject([{ lease: id, unit: 5, units: 1, refusal: REFUSAL }]);
  expect(bench.device.shards).toEqual([]);
  expect(bench.device.engine?.worker).toBe(worker);
  bench.lease('b');
  bench.endRun();
  expect(bench.said()).toContain('commit');
});

test('a compute worker that dies is told with the units it had not done, and replaced', () => {
  const bench = openBench();
  bench.join();
  const id = bench.lease('a', 4);
  const { worker, run } = bench.all('run').at(-1) ?? { worker: 0, run: 0 };
  bench.post({ type: 'progress', worker, run, unitsDone: 1 });
  const refusal = { code: 'provider-failed', message: 'the worker ended' } as const;
  bench.post({ type: 'worker-failed', worker, refusal });
  expect(told(bench)).toMatchObject([{ lease: id, unit: 6, units: 3, refusal }]);
  bench.lease('b');
  expect(bench.device.engine?.worker).not.toBe(worker);
});

test('a model that does not load on wasm twice running does not run on this device', () => {
  const bench = openBench();
  bench.join();
  bench.breakLoads();
  bench.lease('a');
  expect(bench.said()).toContain('give-back');
  expect(bench.said()).not.toContain('unfit');
  bench.lease('b');
  expect(bench.said()).toContain('unfit');
  expect(bench.said()).not.toContain('unit-failed');
});

test('a GPU that breaks twice running is named with what it said, and wasm goes on', () => {
  const { capabilities } = openBench().device.config;
  const providers = ['webgpu', 'wasm'] as const;
  const bench = openBench({ capabilities: { ...capabilities, providers: [...providers] } });
  bench.join();
  const refusal = { code: 'model-run-failed', message: 'the device is lost' } as const;
  for (const name of ['a', 'b']) {
    bench.lease(name);
    const { worker = 0, provider } = bench.all('load').at(-1) ?? {};
    expect(provider).toBe('webgpu');
    bench.post({ type: 'worker-failed', worker, refusal });
  }
  expect(told(bench)).toHaveLength(2);
  expect(bench.all('load').at(-1)?.provider).toBe('wasm');
  const reason = why('provider-broke', { provider: 'webgpu', text: refusal.message });
  expect(bench.device.trials[0]).toMatchObject({ provider: 'webgpu', outcome: 'skipped', reason });
});

test('a worn-out compute worker is replaced when its runs have ended', () => {
  const bench = openBench({ recycleShards: 1 });
  bench.join();
  bench.lease('a');
  const worn = bench.device.engine?.worker;
  bench.lease('b');
  bench.endRun();
  expect(bench.device.engine?.worker).not.toBe(worn);
});

test('a download that fails is tried again after a while, not at once', () => {
  const bench = openBench({ failFetches: true });
  bench.join();
  const tries = () => bench.all('fetch').filter(({ target }) => target.kind === 'blob').length;
  const first = tries();
  bench.wait(500);
  expect(tries()).toBe(first);
  bench.wait(600);
  expect(tries()).toBeGreaterThan(first);
});

test('stop gives everything back and says goodbye; nothing follows', () => {
  const bench = openBench();
  bench.join();
  bench.lease('a');
  bench.post({ type: 'stop' });
  expect(bench.said().slice(-2)).toEqual(['give-back', 'bye']);
  const sent = bench.all('send').length;
  bench.wait(60_000);
  bench.lease('b');
  expect(bench.all('send')).toHaveLength(sent);
  expect(bench.all('status').at(-1)?.status.phase).toBe('off');
});
