import { expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { concatBytes, digest, digestCommitment, sha256 } from '#protocol/bytes/digest.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { projectionSeed, projectTaps } from '#protocol/checks/fingerprint.ts';
import { type HubMessage, PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { type PackageManifest, REFERENCE_LANE } from '#protocol/models/package.ts';
import type {
  Digest,
  JobId,
  LeaseId,
  Nonce,
  PublicKey,
  Root,
  Signature,
} from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant, millis } from '#protocol/values/units.ts';
import { openContributor, stepContributor } from './contributor.ts';
import type {
  ContributorConfig,
  ContributorEffect,
  ContributorEvent,
  DeviceMemory,
} from './events.ts';
import { fakeConfig } from './fake-config.ts';

const HUB = 'aa'.repeat(32) as PublicKey;
const PHONE = 'cc'.repeat(32) as PublicKey;
const PACKAGE = '12'.repeat(32) as Digest;
const SIGNED = 'ee'.repeat(64) as Signature;
const NONCE = '77'.repeat(32) as Nonce;
const ref = (digit: string) => ({ root: digit.repeat(64) as Root, length: bytes(4) });
const bytesOf = (values = new Float32Array(0)) => new Uint8Array(values.buffer);
const ANSWER = new Uint8Array([1, 2, 3, 4]);
const MANIFEST: PackageManifest = {
  format: 'pocketgrid/package@1',
  name: 'numbers',
  runtime: 'graph',
  variants: [{ dtype: 'f32', file: ref('1'), needs: [] }],
  inputs: [{ name: 'x', dtype: 'f32', shape: [1, 1] }],
  outputs: [{ name: 'y', dtype: 'f32', shape: [1, 1] }],
  unitItems: 1,
  reference: REFERENCE_LANE,
  comparators: [],
  taps: [],
  knownAnswers: [{ inputs: ref('2'), outputs: ref('3') }],
  peakBytes: bytes(1_000),
  referenceUnitMs: millis(1),
};

type Of<T extends ContributorEffect['type']> = Extract<ContributorEffect, { type: T }>;

type Change = Partial<ContributorConfig> & {
  failFetches?: boolean;
  /** What every run finds inside. */
  taps?: Extract<ContributorEvent, { type: 'ran' }>['taps'];
};

/** A device in a world that does at once what it is asked, but for runs, which the test ends. */
function openWorld({ failFetches = false, taps, ...change }: Change) {
  const config = fakeConfig({ key: PHONE, ...change });
  const world = {
    device: openContributor(config),
    memory: config.memory,
    now: 1_000_000,
    failFetches,
    wrongAnswers: false,
    taps,
    effects: [] as ContributorEffect[],
    post(event: ContributorEvent): void {
      const chance = { now: instant(world.now), random: () => NONCE };
      for (const effect of stepContributor(world.device, event, chance)) {
        world.effects.push(effect);
        perform(world, effect);
      }
    },
    end({ worker, run }: Of<'run'>): void {
      const outputs = world.wrongAnswers ? new Uint8Array(4) : ANSWER.slice();
      const digests = new Uint8Array(32);
      const inside = world.taps === undefined ? {} : { taps: world.taps };
      const ran = { worker, run, bytes: outputs, digests, ...inside, computeMs: millis(5) };
      world.post({ type: 'ran', ...ran });
    },
  };
  return world;
}

function perform(world: ReturnType<typeof openWorld>, effect: ContributorEffect): void {
  switch (effect.type) {
    case 'sign':
      return world.post({ type: 'signed', token: effect.token, signature: SIGNED });
    case 'remember':
      world.memory = effect.memory;
      return world.post({ type: 'remembered', token: effect.token });
    case 'load':
      return world.post({ type: 'loaded', worker: effect.worker });
    case 'fetch': {
      const { fetch } = effect;
      const refusal = { code: 'download-failed' as const, message: 'the hub is away' };
      if (world.failFetches) return world.post({ type: 'fetch-failed', fetch, refusal });
      const data = effect.wantBytes ? { bytes: ANSWER.slice() } : {};
      return world.post({ type: 'fetched', fetch, ...data });
    }
    case 'run':
      return world.device.admission === undefined ? undefined : world.end(effect);
    default:
      return;
  }
}

function openBench(change: Change = {}) {
  const world = openWorld(change);
  const { post } = world;
  const all = <T extends ContributorEffect['type']>(type: T): Of<T>[] =>
    world.effects.filter((effect): effect is Of<T> => effect.type === type);
  const hear = (message: HubMessage): void =>
    post({ type: 'received', socket: all('connect').at(-1)?.socket ?? 0, message });
  const welcome = (): void => {
    hear({ type: 'challenge', versions: [PROTOCOL_VERSION], nonce: NONCE, hub: HUB });
    const beatMs = millis(20_000);
    const checks = CHECK_POLICY_DEFAULT;
    const grid = { ticket: 't', iceServers: [], checks };
    hear({ type: 'welcome', now: instant(world.now), beatMs, ...grid });
  };
  return {
    post,
    all,
    hear,
    welcome,
    device: world.device,
    said: () => all('send').map(({ message }) => message.type),
    memory: () => world.memory,
    status: (): DeviceStatus | undefined => all('status').at(-1)?.status,
    answerWrongly: () => {
      world.wrongAnswers = true;
    },
    endRun: () => {
      const last = all('run').at(-1);
      if (last !== undefined) world.end(last);
    },
    wait(ms: number) {
      world.now += ms;
      post({ type: 'tick' });
    },
    join() {
      post({ type: 'start' });
      welcome();
      hear({ type: 'admit', id: PACKAGE, manifest: MANIFEST });
    },
    lease(name: string): LeaseId {
      const lease = { ...LEASE, id: name.repeat(32).slice(0, 32) as LeaseId };
      hear({ type: 'lease', lease });
      return lease.id;
    },
  };
}

const LEASE = {
  job: `job_${'1'.repeat(16)}` as JobId,
  package: PACKAGE,
  firstUnit: 0,
  unitCount: 1,
  inputs: {
    root: '9'.repeat(64) as Root,
    length: bytes(4),
    offset: bytes(0),
    unitBytes: bytes(4),
    digests: encodeBase64(new Uint8Array(32)),
  },
  deadlineMs: millis(20_000),
};

const FAR = why('too-far-off', { provider: 'webgpu', where: 'outputs' });
const SUSPENDED = { provider: 'webgpu' as const, reason: FAR };

test('nothing is done before start', () => {
  const bench = openBench();
  bench.wait(5_000);
  expect(bench.all('connect')).toEqual([]);
  expect(bench.device.running).toBe(false);
});

// Threads change bits in units of one item: docs/exactness.md.
test.each([
  [1, 4, 1],
  [2, 4, 4],
  [16, 8, 4],
  [16, 1, 1],
])('units of %i items on a device with %i threads run on %i', (unitItems, has, runs) => {
  const capabilities = {
    providers: ['wasm' as const],
    features: [],
    threads: has,
    memoryBytes: bytes(1e9),
    engine: 'test',
  };
  const bench = openBench({ capabilities });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, manifest: { ...MANIFEST, unitItems } });
  expect(bench.all('load').at(-1)?.threads).toBe(runs);
});

test('hello, admission, request, lease, commit, reveal, accepted: in this order', () => {
  const bench = openBench();
  bench.join();
  expect(bench.said()).toEqual(['hello', 'request', 'admitted']);
  const id = bench.lease('a');
  expect(bench.status()?.phase).toBe('working');
  bench.endRun();
  expect(bench.said().slice(-2)).toContain('commit');
  const entry = { index: 0, commitment: '00'.repeat(32) as Digest, at: instant(0) };
  expect(bench.all('send-frame')).toHaveLength(0);
  bench.hear({ type: 'logged', lease: id, entry, signature: SIGNED });
  expect(bench.all('send-frame').at(-1)?.head).toMatchObject({
    type: 'reveal',
    reveal: { lease: id },
  });
  bench.hear({ type: 'accepted', lease: id, units: 1, standing: 2_299 });
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

test('with taps: their digest is committed to, and the fingerprint follows from the log entry', () => {
  const taps = ['a', 'b'].map((name) => ({
    ...{ name, dtype: 'f32' as const, shape: [1, 3], scale: 2 },
  }));
  const values = [Float32Array.of(1, 2, 3), Float32Array.of(-4, 5, 0.5)];
  const inside = {
    bytes: concatBytes(...values.map(bytesOf)),
    digests: sha256(bytesOf(values[0])),
  };
  const bench = openBench({ taps: inside });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, manifest: { ...MANIFEST, taps } });
  expect(bench.all('load').at(-1)?.taps).toEqual(['a', 'b']);
  const id = bench.lease('a');
  bench.endRun();
  const commits = bench
    .all('send')
    .flatMap(({ message }) => (message.type === 'commit' ? [message] : []));
  const opens = { lease: id, device: PHONE, salt: NONCE, digests: new Uint8Array(32) };
  const [{ commitment } = { commitment: undefined }] = commits;
  expect(commitment).toBe(digestCommitment({ ...opens, taps: digest(inside.digests) }));
  const entry = { index: 0, commitment: commitment ?? ('00'.repeat(32) as Digest), at: instant(0) };
  bench.hear({ type: 'logged', lease: id, entry, signature: SIGNED });
  const seed = projectionSeed(SIGNED, entry.commitment);
  const sent = concatBytes(ANSWER, projectTaps(values, seed, [2, 2]));
  const reveal = { lease: id, salt: NONCE, taps: digest(inside.digests), computeMs: 5 };
  expect(bench.all('send-frame').at(-1)).toMatchObject({ head: { reveal }, payload: sent });
  // Another seed gives no second projection of the same taps.
  bench.hear({ type: 'logged', lease: id, entry, signature: 'dd'.repeat(64) as Signature });
  expect(bench.all('send-frame').at(-1)?.payload).toEqual(sent);
  // Said again after a lost link, it is the same.
  bench.post({ type: 'closed', socket: bench.all('connect').at(-1)?.socket ?? 0, reason: 'lost' });
  bench.wait(60_000);
  bench.welcome();
  expect(bench.all('send-frame')).toHaveLength(3);
  expect(bench.all('send-frame').at(-1)?.payload).toEqual(sent);
});

test('every verdict on its own work is kept, the newest first, and a failure starts trust anew', () => {
  const bench = openBench();
  bench.join();
  const id = bench.lease('a');
  bench.endRun();
  const entry = { index: 0, commitment: '00'.repeat(32) as Digest, at: instant(0) };
  bench.hear({ type: 'logged', lease: id, entry, signature: SIGNED });
  bench.hear({ type: 'accepted', lease: id, units: 1, standing: 2_299 });
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

test('while one shard computes the next is asked for, and never a third is held', () => {
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

test('after a new welcome what was committed is said again', () => {
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

test('wrong answers in admission make the device unfit, with the reason', () => {
  const bench = openBench();
  bench.answerWrongly();
  bench.join();
  expect(bench.said()).toContain('unfit');
  expect(bench.device.trials).toMatchObject([{ provider: 'wasm', outcome: 'wrong' }]);
});

const GPU = {
  providers: ['webgpu' as const, 'wasm' as const],
  features: [],
  threads: 1,
  memoryBytes: bytes(1e9),
  engine: 'test',
};

/** Admits a device with a GPU to a package. */
function admitGpu(change: { memory?: DeviceMemory; manifest?: PackageManifest } = {}) {
  const { manifest = MANIFEST, ...rest } = change;
  const bench = openBench({ capabilities: GPU, ...rest });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, manifest });
  return bench;
}

test('a package that no GPU may run is tried without one, and the trial says why', () => {
  const bench = admitGpu({ manifest: { ...MANIFEST, providers: ['wasm'] } });
  expect(bench.all('load').map(({ provider }) => provider)).toEqual(['wasm']);
  expect(bench.said()).toContain('admitted');
  expect(bench.device.trials).toMatchObject([
    { provider: 'webgpu', outcome: 'skipped', reason: { code: 'exact-only' } },
    { provider: 'wasm', outcome: 'fit' },
  ]);
});

test('a provider that the hub has suspended is not tried, whatever was kept of it', () => {
  const before = admitGpu();
  const without = [SUSPENDED];
  const bench = openBench({ capabilities: GPU, memory: before.memory() });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, manifest: MANIFEST, without });
  expect(bench.all('load').map(({ provider }) => provider)).toEqual(['wasm']);
  expect(bench.device.packages.get(PACKAGE)?.admission?.provider).toBe('wasm');
  expect(bench.device.trials).toMatchObject([
    { provider: 'webgpu', outcome: 'skipped', reason: SUSPENDED.reason },
    { provider: 'wasm', outcome: 'fit' },
  ]);
});

test('a device whose person chose the provider that is suspended is unfit, and says why', () => {
  const bench = openBench({ capabilities: GPU, provider: 'webgpu' });
  bench.post({ type: 'start' });
  bench.welcome();
  const without = [SUSPENDED];
  bench.hear({ type: 'admit', id: PACKAGE, manifest: MANIFEST, without });
  expect([bench.all('fetch'), bench.all('load')]).toEqual([[], []]);
  expect(bench.said()).toContain('unfit');
});

test('a GPU whose driver computes garbage is found in admission, whatever it did before', () => {
  const before = admitGpu();
  expect(before.device.packages.get(PACKAGE)?.admission?.provider).toBe('webgpu');
  const bench = openBench({ capabilities: GPU, memory: before.memory() });
  bench.answerWrongly();
  bench.join();
  expect(bench.said()).toContain('unfit');
  expect(bench.device.trials).toMatchObject([
    { provider: 'webgpu', outcome: 'wrong' },
    { provider: 'wasm', outcome: 'wrong' },
  ]);
});

test('a kept admission is not measured again, but its model is fetched before the hub hears', () => {
  const first = openBench();
  first.join();
  const second = openBench({ memory: first.memory() });
  second.join();
  expect(second.all('run')).toEqual([]);
  expect(second.all('fetch')).toHaveLength(1);
  expect(second.said()).toContain('admitted');
});

test('a tab that died twice in a week on a provider is not risked again', () => {
  const death = { package: PACKAGE, provider: 'wasm' as const, at: instant(999_000) };
  const memory = { tombstone: death, deaths: [death], admissions: [] };
  const bench = openBench({ memory });
  bench.join();
  expect(bench.all('load')).toEqual([]);
  expect(bench.device.trials).toMatchObject([
    { outcome: 'skipped', reason: why('tab-ended', { days: 7 }) },
  ]);
});

test('a run that never ends costs the compute worker, not the device', () => {
  const bench = openBench();
  bench.join();
  bench.lease('a');
  const stuck = bench.device.engine?.worker;
  bench.wait(21_000);
  expect(bench.all('terminate').map(({ worker }) => worker)).toContain(stuck);
  expect(bench.said()).toContain('give-back');
  bench.lease('b');
  expect(bench.device.engine?.worker).not.toBe(stuck);
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
