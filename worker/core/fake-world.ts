import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { type HubMessage, PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import {
  type GraphRuntime,
  PACKAGE_FORMAT,
  type PackageManifest,
  REFERENCE_LANE,
} from '#protocol/models/package.ts';
import type {
  Digest,
  JobId,
  LeaseId,
  Nonce,
  PublicKey,
  Root,
  Signature,
} from '#protocol/values/ids.ts';
import { bytes, instant, millis } from '#protocol/values/units.ts';
import { openContributor, stepContributor } from './contributor.ts';
import type { ContributorConfig, ContributorEffect, ContributorEvent } from './events.ts';
import { fakeConfig } from './fake-config.ts';

const HUB = 'aa'.repeat(32) as PublicKey;
export const PHONE = 'cc'.repeat(32) as PublicKey;
export const PACKAGE = '12'.repeat(32) as Digest;
export const SIGNED = 'ee'.repeat(64) as Signature;
export const NONCE = '77'.repeat(32) as Nonce;
const ref = (digit: string) => ({ root: digit.repeat(64) as Root, length: bytes(4) });
export const ANSWER = new Uint8Array([1, 2, 3, 4]);
const RUNTIME: GraphRuntime = {
  kind: 'graph',
  inputs: [{ name: 'x', dtype: 'f32', shape: [1, 1] }],
  outputs: [{ name: 'y', dtype: 'f32', shape: [1, 1] }],
  unitItems: 1,
  reference: REFERENCE_LANE,
  comparators: [],
  taps: [],
};
export const MANIFEST: PackageManifest = {
  format: PACKAGE_FORMAT,
  name: 'numbers',
  variants: [{ dtype: 'f32', file: ref('1'), needs: [] }],
  runtime: RUNTIME,
  knownAnswers: [{ inputs: ref('2'), outputs: ref('3') }],
  peakBytes: bytes(1_000),
  referenceUnitMs: millis(1),
};

/** The package of tests, another in some of its runtime. */
export const packageOf = (change: Partial<GraphRuntime>): PackageManifest => ({
  ...MANIFEST,
  runtime: { ...RUNTIME, ...change },
});

type Of<T extends ContributorEffect['type']> = Extract<ContributorEffect, { type: T }>;

type Change = Partial<ContributorConfig> & {
  failFetches?: boolean;
  /** Models load when the test says so. */
  holdLoads?: boolean;
  /** What every run finds inside. */
  taps?: Extract<ContributorEvent, { type: 'ran' }>['taps'];
};

/** A device in a world that does at once what it is asked, but for runs, which the test ends. */
function openWorld({ failFetches = false, holdLoads = false, taps, ...change }: Change) {
  const config = fakeConfig({ key: PHONE, ...change });
  const world = {
    device: openContributor(config),
    memory: config.memory,
    now: 1_000_000,
    failFetches,
    wrongAnswers: false,
    failLoads: false,
    holdLoads,
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
    case 'load': {
      const refusal = { code: 'provider-failed' as const, message: 'the model cannot be read' };
      const { worker } = effect;
      if (world.holdLoads) return;
      if (world.failLoads) return world.post({ type: 'worker-failed', worker, refusal });
      return world.post({ type: 'loaded', worker });
    }
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

/** Of another package, or with its input bytes along. */
interface LeaseChange {
  id?: Digest;
  units?: string;
  digests?: string;
}

/** A device of a test, and what it did. */
export function openBench(change: Change = {}) {
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
    hear({ type: 'welcome', proof: SIGNED, now: instant(world.now), beatMs, ...grid });
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
    /** No model loads from now on. */
    breakLoads: () => {
      world.failLoads = true;
    },
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
      hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest: MANIFEST });
    },
    /** The commitment to a lease is on disk. */
    log(lease: LeaseId) {
      const entry = { index: 0, commitment: '00'.repeat(32) as Digest, at: instant(world.now) };
      hear({ type: 'logged', lease, entry, signature: SIGNED });
    },
    /** A lease of so many units from unit 5 on. */
    lease(
      name: string,
      unitCount = 1,
      { id = PACKAGE, units, digests = LEASE.inputs.digests }: LeaseChange = {},
    ): LeaseId {
      const lease = {
        ...LEASE,
        ...{ package: id, unitCount, id: name.repeat(32).slice(0, 32) as LeaseId },
        inputs: { ...LEASE.inputs, digests },
      };
      hear({ type: 'lease', lease, ...(units === undefined ? {} : { units }) });
      return lease.id;
    },
  };
}

/** A lease of one unit and a byte for each number. */
export const LEASE = {
  job: `job_${'1'.repeat(16)}` as JobId,
  package: PACKAGE,
  firstUnit: 5,
  inputs: {
    root: '9'.repeat(64) as Root,
    length: bytes(4),
    offset: bytes(0),
    unitBytes: bytes(4),
    digests: encodeBase64(new Uint8Array(32)),
  },
  deadlineMs: millis(20_000),
};
