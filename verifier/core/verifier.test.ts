import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { concatBytes, digest, digestRecord, hexToBytes } from '#protocol/digest.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Root, Signature } from '#protocol/ids.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import { type PackageManifest, type Provider, REFERENCE_LANE } from '#protocol/package.ts';
import type { AcceptedShard, Verdict } from '#protocol/records.ts';
import { accept, refusal, refuse } from '#protocol/refusal.ts';
import { bytes, instant, millis } from '#protocol/units.ts';
import { drawUnits } from './draw.ts';
import type { LogLine, Saved, VerifierConfig, VerifierEffect, VerifierEvent } from './events.ts';
import { openVerifier, stepVerifier } from './verifier.ts';

const HUB = 'aa'.repeat(32) as PublicKey;
const DEVICE = 'dd'.repeat(32) as PublicKey;
const JOB = 'job_0123456789abcdef' as JobId;
const INPUTS = { root: '11'.repeat(32) as Root, length: bytes(4096) };
const FILE = { root: '22'.repeat(32) as Root, length: bytes(100) };
const spec = (name: string) => ({ name, dtype: 'f32' as const, shape: [2] });
const MANIFEST: PackageManifest = {
  format: 'pocketgrid/package@1',
  name: 'double',
  runtime: 'graph',
  variants: [{ dtype: 'f32', file: FILE, needs: [] }],
  inputs: [spec('x')],
  outputs: [spec('y')],
  unitItems: 2,
  reference: REFERENCE_LANE,
  comparators: [{ output: 'y', l2: 1e-4, max: 1e-2 }],
  taps: [],
  knownAnswers: [{ inputs: FILE, outputs: FILE }],
  peakBytes: bytes(1000),
  referenceUnitMs: millis(1),
};

const output = (value: number) => new Uint8Array(new Float32Array([value, value + 1]).buffer);
const reference = (value: number) => ({ digest: digest(output(value)), bytes: output(value) });

/** A shard whose device claims `claims[i]` for unit `first + i`; the truth of unit n is n. */
function shardOf(sequence: number, claims: number[], provider: Provider = 'wasm'): AcceptedShard {
  return {
    sequence,
    index: sequence,
    job: JOB,
    lease: sequence.toString(16).padStart(32, '0') as LeaseId,
    device: DEVICE,
    provider,
    package: digestRecord(MANIFEST),
    firstUnit: sequence * 10,
    unitCount: claims.length,
    commitment: createHash('sha256').update(`${sequence}`).digest('hex') as Digest,
    digests: encodeBase64(concatBytes(...claims.map((claim) => hexToBytes(digest(output(claim)))))),
    at: instant(0),
  };
}

const honest = (sequence: number, count: number) =>
  shardOf(
    sequence,
    Array.from({ length: count }, (_, index) => sequence * 10 + index),
  );

interface Script {
  rate?: number;
  saved?: Saved;
  queueUnitsMax?: number;
  epochMs?: number;
  /** The bytes behind a claim. */
  claimed?: (unit: number) => number | undefined;
  /** What a re-execution gives; the unit's number when absent. */
  truth?: (unit: number, fresh: boolean) => number | undefined;
}

/** A scripted world: the hub, the disk and the exact lane of one verifier, all answering at once. */
function openScript(script: Script = {}) {
  const config: VerifierConfig = {
    key: 'ee'.repeat(32) as PublicKey,
    policy: { type: 'flat', rate: script.rate ?? 1 },
    epochMs: millis(script.epochMs ?? 3_600_000),
    queueUnitsMax: script.queueUnitsMax ?? 1000,
    tasksMax: 2,
  };
  const saved: Saved = script.saved ?? {
    hub: HUB,
    judged: -1,
    settled: -1,
    lastEpoch: 0,
    epochs: [],
    verdicts: [],
  };
  const state = openVerifier(config);
  const world = {
    now: 1_000_000,
    link: 0,
    nonces: 0,
    diskFull: false,
    idle: false,
    effects: [] as VerifierEffect[],
    lines: [] as LogLine[],
    disk: saved,
    sent: [] as string[],
  };
  const events: VerifierEvent[] = [];
  let stepping = false;
  const step = (first: VerifierEvent): void => {
    events.push(first);
    if (stepping) return;
    stepping = true;
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      const effects = stepVerifier(state, event, {
        now: instant(world.now),
        random: () => digest(Uint8Array.of(world.nonces++)) as string as Nonce,
        sign: () => '5'.repeat(128) as Signature,
      });
      world.effects.push(...effects);
      for (const effect of effects) answer(effect);
    }
    stepping = false;
  };
  const answer = (effect: VerifierEffect): void => {
    switch (effect.type) {
      case 'connect':
        world.link = effect.link;
        return;
      case 'bind':
        return step({ type: 'bound', saved: world.disk });
      case 'persist': {
        const { token } = effect;
        if (world.diskFull) {
          return step({ type: 'persist-failed', token, refusal: refusal('disk-full', 'full') });
        }
        world.lines.push(...effect.lines);
        write(effect);
        return step({ type: 'persisted', token });
      }
      case 'send':
        world.sent.push(effect.message.type);
        return;
      case 'execute': {
        if (world.idle) return;
        const { task, unit, fresh } = effect;
        const value = script.truth === undefined ? unit : script.truth(unit, fresh);
        const result =
          value === undefined ? refuse('download-failed', 'no network') : accept(reference(value));
        return step({ type: 'executed', task, result });
      }
      case 'claim': {
        const value = script.claimed?.(effect.unit);
        const result = value === undefined ? refuse('not-found', 'gone') : accept(reference(value));
        return step({ type: 'claimed', task: effect.task, result });
      }
      default:
        return;
    }
  };
  const write = ({ epochs, lines, marks }: Extract<VerifierEffect, { type: 'persist' }>): void => {
    const filed = lines.flatMap((line) => (line.type === 'verdict' ? [line] : []));
    world.disk = {
      ...world.disk,
      ...(epochs === undefined
        ? {}
        : { epochs, lastEpoch: Math.max(world.disk.lastEpoch, ...epochs.map((e) => e.number)) }),
      ...marks,
      verdicts: [...world.disk.verdicts, ...filed],
    };
  };
  const receive = (message: HubMessage) => step({ type: 'received', link: world.link, message });
  return {
    state,
    world,
    step,
    receive,
    wait(ms: number) {
      for (let passed = 0; passed < ms; passed += 100) {
        world.now += 100;
        step({ type: 'tick' });
      }
    },
    connect() {
      step({ type: 'tick' });
      step({ type: 'connected', link: world.link });
      receive({ type: 'challenge', versions: [1], nonce: '77'.repeat(32) as Nonce, hub: HUB });
      receive({
        type: 'welcome',
        now: instant(world.now),
        beatMs: millis(5_000),
        ticket: 't',
        iceServers: [],
      });
    },
    check(shard: AcceptedShard) {
      receive({ type: 'check', shard, manifest: MANIFEST, inputs: INPUTS });
    },
    verdicts(): Verdict[] {
      return world.effects.flatMap((effect) =>
        effect.type === 'send' && effect.message.type === 'verdict'
          ? [effect.message.signed.verdict]
          : [],
      );
    },
    judged(): number[] {
      return world.effects.flatMap((effect) =>
        effect.type === 'send' && effect.message.type === 'judged' ? [effect.message.through] : [],
      );
    },
  };
}

describe('checking', () => {
  it('puts the commitment to the seed in the log before any verdict, and judges what it drew', () => {
    const script = openScript({ rate: 0.5 });
    script.connect();
    script.check(honest(0, 10));
    script.check(honest(1, 10));
    script.wait(300);
    const [opened] = script.world.lines;
    expect(opened).toMatchObject({ type: 'epoch-opened', epoch: 1, from: 0 });
    const seed = script.state.book?.epochs[0]?.seed ?? ('' as Nonce);
    const due = [0, 1].flatMap((sequence) => drawUnits(seed, 0.5, honest(sequence, 10)));
    expect(script.verdicts().map(({ unit }) => unit)).toEqual(due);
    expect(script.verdicts().every(({ kind, runs }) => kind === 'match' && runs === 1)).toBe(true);
    expect(script.judged().at(-1)).toBe(1);
    expect(script.world.disk.judged).toBe(1);
  });

  it('confirms a mismatch in a fresh runtime and says how far it is', () => {
    const script = openScript({ claimed: (unit) => (unit === 1 ? 9 : unit) });
    script.connect();
    script.check(shardOf(0, [0, 9, 2]));
    const executed = script.world.effects.filter((effect) => effect.type === 'execute');
    expect(executed.map(({ unit, fresh }) => [unit, fresh])).toContainEqual([1, true]);
    const found = script.verdicts().find(({ kind }) => kind === 'mismatch');
    expect(found).toMatchObject({
      unit: 1,
      lane: 'exact',
      runs: 2,
      reference: reference(1).digest,
    });
    expect(found?.l2).toBeCloseTo(Math.sqrt(128 / 5), 5);
    expect(script.verdicts().filter(({ kind }) => kind === 'match')).toHaveLength(2);
  });

  it('says nothing against a device when its own two runs differ', () => {
    const script = openScript({ truth: (unit, fresh) => (fresh ? 50 : unit) });
    script.connect();
    script.check(shardOf(0, [9]));
    expect(script.verdicts()).toMatchObject([{ kind: 'inconclusive', runs: 2 }]);
  });

  it('judges a GPU by tolerance: near is a match, far is an unfit device, never a mismatch', () => {
    const near = openScript({ claimed: () => 1e-6 });
    near.connect();
    near.check(shardOf(0, [1e-6], 'webgpu'));
    expect(near.verdicts()).toMatchObject([{ kind: 'match', lane: 'tolerance', runs: 1 }]);
    const far = openScript({ claimed: () => 0.5 });
    far.connect();
    far.check(shardOf(0, [0.5], 'webgpu'));
    expect(far.verdicts()).toMatchObject([{ kind: 'device-unfit', lane: 'tolerance', runs: 2 }]);
    const other = openScript({ claimed: () => 0 });
    other.connect();
    other.check(shardOf(0, [0.5], 'webgpu'));
    expect(other.verdicts()).toMatchObject([{ kind: 'inconclusive' }]);
  });

  it('gives up on a unit after four tries, and on nothing while the hub is away', () => {
    const script = openScript({ truth: () => undefined });
    script.connect();
    script.check(honest(0, 1));
    script.step({ type: 'disconnected', link: script.world.link, reason: 'gone' });
    expect(script.verdicts()).toEqual([]);
    script.connect();
    script.wait(2_000);
    expect(script.verdicts()).toEqual([]);
    script.connect();
    for (let round = 0; round < 60; round += 1) {
      script.receive({ type: 'beat' });
      script.wait(1_000);
    }
    expect(script.verdicts()).toMatchObject([{ kind: 'inconclusive', runs: 0 }]);
  });

  it('drops a shard it holds already, and leaves on one it cannot read', () => {
    const script = openScript();
    script.world.idle = true;
    script.connect();
    script.check(honest(0, 3));
    script.check(honest(0, 3));
    expect(script.state.queue).toHaveLength(1);
    script.check({ ...honest(1, 3), digests: encodeBase64(new Uint8Array(32)) });
    expect(script.state.phase.name).toBe('waiting');
  });

  it('turns away what its queue cannot hold and asks for it again', () => {
    const script = openScript({ queueUnitsMax: 4 });
    script.world.idle = true;
    script.connect();
    for (let sequence = 0; sequence < 5; sequence += 1) script.check(honest(sequence, 3));
    expect(script.state.queue).toHaveLength(2);
    script.world.idle = false;
    const started = script.world.effects.filter((effect) => effect.type === 'execute');
    for (const { task, unit } of started) {
      script.step({ type: 'executed', task, result: accept(reference(unit)) });
    }
    expect(script.world.disk.judged).toBeLessThan(2);
    script.wait(100);
    script.connect();
    for (let sequence = 2; sequence < 5; sequence += 1) script.check(honest(sequence, 3));
    script.wait(1_000);
    const units = script.verdicts().map(({ unit }) => unit);
    expect(new Set(units).size).toBe(15);
  });
});

describe('what is on disk', () => {
  it('answers a hub that forgot, without running anything again', () => {
    const first = openScript();
    first.connect();
    first.check(honest(0, 3));
    first.wait(200);
    expect(first.world.disk).toMatchObject({ judged: 0, settled: -1 });
    const second = openScript({ saved: first.world.disk });
    second.connect();
    expect(second.verdicts().map(({ unit }) => unit)).toEqual([0, 1, 2]);
    expect(second.judged()).toEqual([]);
    second.check(honest(0, 3));
    second.wait(200);
    expect(second.judged()).toEqual([0]);
    expect(second.world.effects.some(({ type }) => type === 'execute')).toBe(false);
  });

  it('draws the same units with the same seed after a restart, and only what is left of them', () => {
    const first = openScript({ rate: 0.5 });
    first.world.idle = true;
    first.connect();
    first.check(honest(0, 10));
    const [started] = first.world.effects.filter((effect) => effect.type === 'execute');
    if (started === undefined) throw new Error('nothing was drawn');
    const { task, unit } = started;
    first.step({ type: 'executed', task, result: accept(reference(unit)) });
    const drawn = drawUnits(first.state.book?.epochs[0]?.seed ?? ('' as Nonce), 0.5, honest(0, 10));
    const second = openScript({ rate: 0.5, saved: first.world.disk });
    second.connect();
    second.check(honest(0, 10));
    second.wait(200);
    const executed = second.world.effects.filter((effect) => effect.type === 'execute');
    expect([unit, ...executed.map((effect) => effect.unit)]).toEqual(drawn);
    expect(second.judged().at(-1)).toBe(0);
  });

  it('is forgotten once the hub has surely had it', () => {
    const script = openScript();
    script.connect();
    script.check(honest(0, 3));
    script.wait(3_000);
    script.receive({ type: 'beat' });
    script.wait(3_000);
    expect(script.state.book).toMatchObject({ settled: 0, verdicts: [] });
  });

  it('comes first: on a full disk nothing is told, and all of it later', () => {
    const script = openScript();
    script.connect();
    script.check(honest(0, 1));
    script.world.diskFull = true;
    script.check(honest(1, 2));
    script.wait(1_000);
    expect(script.verdicts()).toHaveLength(1);
    script.world.diskFull = false;
    script.wait(6_000);
    expect(script.verdicts()).toHaveLength(3);
    expect(script.judged().at(-1)).toBe(1);
  });

  it('reveals a seed after its last verdict, and draws on with another', () => {
    const script = openScript({ epochMs: 2_000 });
    script.connect();
    script.check(honest(0, 1));
    script.wait(2_500);
    script.check(honest(1, 1));
    const types = script.world.lines.map((line) => line.type);
    expect(types).toEqual(['epoch-opened', 'verdict', 'epoch-revealed', 'epoch-opened', 'verdict']);
    const [opened, , revealed] = script.world.lines;
    if (opened?.type !== 'epoch-opened' || revealed?.type !== 'epoch-revealed') throw new Error();
    expect(revealed).toMatchObject({ from: 0, through: 0, commitment: opened.commitment });
    expect(digest(hexToBytes(revealed.seed))).toBe(opened.commitment);
    expect(script.world.disk.epochs.map(({ number }) => number)).toEqual([2]);
  });
});

describe('the session', () => {
  it('backs off longer each time, says so, and starts over after a steady session', () => {
    const script = openScript();
    script.step({ type: 'tick' });
    for (let round = 0; round < 8; round += 1) {
      script.step({ type: 'disconnected', link: script.world.link, reason: 'refused' });
      script.wait(31_000);
    }
    const said = script.world.effects.filter((effect) => effect.type === 'say');
    expect(said).not.toHaveLength(0);
    expect(said.every(({ text }) => /trying again in [\d.]+ s/.test(text))).toBe(true);
    expect(script.state.failures).toBeGreaterThan(5);
  });

  it('ends a session that is silent for three beats', () => {
    const script = openScript();
    script.connect();
    script.wait(16_000);
    expect(script.world.effects.some(({ type }) => type === 'disconnect')).toBe(true);
    expect(script.world.sent.filter((type) => type === 'beat').length).toBeGreaterThanOrEqual(2);
  });

  it('says goodbye and stops when the disk has everything', () => {
    const script = openScript();
    script.connect();
    script.step({ type: 'stopping' });
    expect(script.world.sent.at(-1)).toBe('bye');
    expect(script.world.effects.at(-1)).toEqual({ type: 'stopped' });
  });
});
