import { digest } from '#protocol/digest.ts';
import type { PublicKey, Root } from '#protocol/ids.ts';
import { refuse } from '#protocol/refusal.ts';
import { bytes, millis } from '#protocol/units.ts';
import type {
  FiledVerdict,
  Saved,
  VerifierEffect,
  VerifierEvent,
  World,
} from '../verifier/core/events.ts';
import { openVerifier, stepVerifier } from '../verifier/core/verifier.ts';
import type { Clock } from './clock.ts';
import { FAKE_OUTPUTS, FAKE_UNIT_BYTES, type FakeBlobs, fakeCompute } from './fake-model.ts';
import { fakeSign } from './fake-signature.ts';
import type { ClientEnd, HubNode } from './hub-node.ts';
import type { Random } from './random.ts';

const UNIT_MS = 20;

export interface VerifierNode {
  crash(): void;
  restart(): void;
}

type Disk = Omit<Saved, 'verdicts'> & { verdicts: FiledVerdict[] };

/** A verifier on the simulated grid. What it persisted survives its crash. */
export function openVerifierNode(grid: {
  clock: Clock;
  random: Random;
  blobs: FakeBlobs;
  hub: HubNode;
  key: PublicKey;
  checkRate: number;
}): VerifierNode {
  const { clock, blobs, hub, key } = grid;
  const random = grid.random.fork('verifier');
  const disk: Disk = {
    hub: hub.key,
    judged: -1,
    settled: -1,
    lastEpoch: 0,
    epochs: [],
    verdicts: [],
  };
  let stop = (): void => {};

  const unitInputs = (root: Root, unit: number): Uint8Array =>
    (blobs.get(root) ?? new Uint8Array()).slice(
      unit * FAKE_UNIT_BYTES,
      (unit + 1) * FAKE_UNIT_BYTES,
    );

  const start = (): void => {
    let dead = false;
    let lastWriteAt = 0;
    const links = new Map<number, ClientEnd>();
    const config = {
      key,
      policy: { type: 'flat' as const, rate: grid.checkRate },
      epochMs: millis(3_600_000),
      queueUnitsMax: 4_096,
      tasksMax: 4,
    };
    const state = openVerifier(config);
    const world = (): World => ({
      now: clock.now(),
      random: random.nonce,
      sign: (context, record) => fakeSign(key, context, record),
    });
    const post = (event: VerifierEvent): void => {
      if (dead) return;
      for (const effect of stepVerifier(state, event, world())) perform(effect);
    };
    const later = (ms: number, event: () => VerifierEvent): void =>
      clock.after(ms, () => post(event()));
    const connect = (link: number): void => {
      const end = hub.dial({
        received: (message) => post({ type: 'received', link, message }),
        closed: () => post({ type: 'disconnected', link, reason: 'the socket closed' }),
      });
      if (end === undefined) {
        return later(50, () => ({ type: 'disconnected', link, reason: 'the hub is down' }));
      }
      links.set(link, end);
      later(1, () => ({ type: 'connected', link }));
    };
    const persist = (effect: Extract<VerifierEffect, { type: 'persist' }>): void => {
      lastWriteAt = Math.max(lastWriteAt, clock.now() + random.between(1, 20));
      clock.after(lastWriteAt - clock.now(), () => {
        if (dead) return;
        writeDisk(disk, effect);
        post({ type: 'persisted', token: effect.token });
      });
    };
    const perform = (effect: VerifierEffect): void => {
      switch (effect.type) {
        case 'connect':
          return connect(effect.link);
        case 'disconnect':
          links.get(effect.link)?.close();
          return;
        case 'send':
          links.get(effect.link)?.send(effect.message);
          return;
        case 'send-frame':
          links.get(effect.link)?.sendFrame(effect.head, effect.payload);
          return;
        case 'bind':
          return later(5, () => ({ type: 'bound', saved: loadDisk(disk) }));
        case 'persist':
          return persist(effect);
        case 'execute': {
          const outputs = fakeCompute(unitInputs(effect.inputs.root, effect.unit));
          const result = { ok: true as const, value: { digest: digest(outputs), bytes: outputs } };
          return later(UNIT_MS, () => ({ type: 'executed', task: effect.task, result }));
        }
        case 'claim':
          return later(UNIT_MS, () => ({
            type: 'claimed',
            task: effect.task,
            result: refuse('not-found', 'simulated devices compute on the exact lane only'),
          }));
        case 'prepare': {
          const answers = effect.units.map((unit) =>
            fakeCompute(unitInputs(effect.inputs.root, unit)),
          );
          const runs = [0, 1, 2, 3, 4].flatMap(() =>
            effect.units.map((unit, at) => ({
              unit,
              digest: digest(answers[at] ?? new Uint8Array()),
              computeMs: millis(UNIT_MS),
            })),
          );
          const value = { outputs: FAKE_OUTPUTS, answers, runs, peakBytes: bytes(1_000_000) };
          return later(300, () => ({
            type: 'prepared',
            task: effect.task,
            result: { ok: true, value },
          }));
        }
        default:
          return;
      }
    };
    clock.every(250, () => {
      post({ type: 'tick' });
      return !dead;
    });
    stop = () => {
      dead = true;
      for (const end of links.values()) end.close();
    };
  };
  start();
  return { crash: () => stop(), restart: start };
}

function writeDisk(disk: Disk, effect: Extract<VerifierEffect, { type: 'persist' }>): void {
  if (effect.epochs !== undefined) disk.epochs = structuredClone(effect.epochs);
  for (const line of effect.lines) {
    if (line.type === 'epoch-opened') disk.lastEpoch = Math.max(disk.lastEpoch, line.epoch);
    if (line.type === 'verdict') {
      const { sequence, epoch, signed } = line;
      disk.verdicts.push(structuredClone({ sequence, epoch, signed }));
    }
  }
  if (effect.marks !== undefined) Object.assign(disk, effect.marks);
}

const loadDisk = (disk: Disk): Saved =>
  structuredClone({
    ...disk,
    verdicts: disk.verdicts.filter(({ sequence }) => sequence > disk.settled),
  });
