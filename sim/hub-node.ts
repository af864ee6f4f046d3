import { decodeJson } from '#protocol/decode.ts';
import { sha256 } from '#protocol/digest.ts';
import type { JobId, PublicKey } from '#protocol/ids.ts';
import type { JobRecord } from '#protocol/job.ts';
import { decodeFrame, encodeFrame } from '#protocol/message-frame.ts';
import { ClientMessage, type FrameHead, HubMessage } from '#protocol/messages/control.ts';
import { instant, millis } from '#protocol/units.ts';
import type { Fact, HubCommand, HubEffect, HubEvent, World } from '../hub/core/events.ts';
import { type Hub, openHub, stepHub, viewJob } from '../hub/core/hub.ts';
import { projectFacts, selectFacts } from '../hub/core/snapshot.ts';
import type { Clock } from './clock.ts';
import type { FakeBlobs } from './fake-model.ts';
import { fakeSign } from './fake-signature.ts';
import { type End, openLink, type Weather } from './network.ts';
import type { Random } from './random.ts';

/** What travels on a simulated control socket: text or a binary frame, both really encoded. */
type Packet = { text: string } | { frame: Uint8Array };

export interface HubNode {
  readonly key: PublicKey;
  readonly up: boolean;
  /** Facts on the simulated disk: these and no others survive a crash. */
  readonly facts: readonly Fact[];
  /** Opens a control socket; undefined while the hub is down. */
  dial(client: { received(message: HubMessage): void; closed(): void }): ClientEnd | undefined;
  create(record: JobRecord, inputDigests: Uint8Array): void;
  view(job: JobId): ReturnType<typeof viewJob>;
  /** `kill -9`: memory and unwritten facts are gone. */
  crash(): void;
  restart(): void;
}

export interface ClientEnd {
  send(message: ClientMessage): void;
  sendFrame(head: FrameHead, payload: Uint8Array): void;
  close(): void;
}

interface Life {
  hub: Hub;
  sockets: Map<number, { end: End<string>; cut(): void }>;
  dead: boolean;
  lastWriteAt: number;
}

export function openHubNode(grid: {
  clock: Clock;
  random: Random;
  weather: Weather;
  blobs: FakeBlobs;
  verifier: PublicKey;
  checkRate: number;
}): HubNode {
  const { clock, blobs } = grid;
  const random = grid.random.fork('hub');
  const key = random.nonce() as string as PublicKey;
  const facts: Fact[] = [{ type: 'verifier-enrolled', key: grid.verifier, at: clock.now() }];
  let life: Life | undefined;
  let nextSocket = 1;

  const world = (): World => ({
    now: clock.now(),
    random: random.nonce,
    sign: (context, record) => fakeSign(key, context, record),
    verify: (...[by, context, record, signature]) => fakeSign(by, context, record) === signature,
    sha256,
  });
  const post = (on: Life, event: HubEvent): void => {
    if (on.dead) return;
    for (const effect of stepHub(on.hub, event, world())) perform(on, effect);
  };
  const perform = (on: Life, effect: HubEffect): void => {
    switch (effect.type) {
      case 'send':
        on.sockets.get(effect.socket)?.end.send(JSON.stringify(effect.message));
        return;
      case 'close':
        on.sockets.get(effect.socket)?.end.close();
        return;
      case 'store':
        return write(on, () => {
          facts.push(...structuredClone(effect.facts));
          post(on, { type: 'stored', token: effect.token });
        });
      case 'keep': {
        const refs = effect.blobs.map((blob) => {
          if (blob instanceof Uint8Array) return blobs.put(blob);
          const whole = blobs.get(blob.root) ?? new Uint8Array();
          return blobs.put(whole.subarray(blob.offset, blob.offset + blob.length));
        });
        return write(on, () => post(on, { type: 'kept', token: effect.token, refs }));
      }
      default:
        return;
    }
  };
  /** The disk finishes what it is given in order, some milliseconds later. */
  const write = (on: Life, done: () => void): void => {
    on.lastWriteAt = Math.max(on.lastWriteAt, clock.now() + random.between(1, 30));
    clock.after(on.lastWriteAt - clock.now(), () => {
      if (!on.dead) done();
    });
  };
  const start = (): void => {
    const config = {
      hub: key,
      checkRate: grid.checkRate,
      beatMs: millis(20_000),
      iceServers: [],
      needsVerifier: true,
      barMs: millis(86_400_000),
    };
    const hub = openHub(structuredClone(projectFacts(selectFacts(facts))), config);
    const on: Life = { hub, sockets: new Map(), dead: false, lastWriteAt: 0 };
    life = on;
    clock.every(500, () => {
      post(on, { type: 'tick' });
      return !on.dead;
    });
  };
  start();
  return {
    key,
    get up() {
      return life !== undefined;
    },
    facts,
    dial(client) {
      const on = life;
      if (on === undefined) return undefined;
      const socket = nextSocket++;
      const link = openLink<Packet, string>(
        grid,
        {
          received: (text) => {
            const message = decodeJson(HubMessage, text);
            if (!message.ok)
              throw new Error(
                `the hub said what it may not: ${message.refusal.message} in ${text.slice(0, 200)}`,
              );
            client.received(message.value);
          },
          closed: client.closed,
        },
        {
          received: (packet) => post(on, readPacket(socket, packet)),
          closed: () => {
            on.sockets.delete(socket);
            post(on, { type: 'disconnected', socket });
          },
        },
      );
      on.sockets.set(socket, { end: link.right, cut: link.cut });
      clock.after(1, () => post(on, { type: 'connected', socket }));
      return {
        send: (message) => link.left.send({ text: JSON.stringify(message) }),
        sendFrame: (head, payload) => link.left.send({ frame: encodeFrame(head, payload) }),
        close: link.left.close,
      };
    },
    create(record, inputDigests) {
      if (life !== undefined) {
        const command: HubCommand = { type: 'create', record, inputDigests };
        post(life, { type: 'command', request: 1, command });
      }
    },
    view: (job) => (life === undefined ? undefined : viewJob(life.hub, job)),
    crash() {
      if (life === undefined) return;
      life.dead = true;
      for (const { cut } of life.sockets.values()) cut();
      life = undefined;
    },
    restart: start,
  };
}

function readPacket(socket: number, packet: Packet): HubEvent {
  if ('text' in packet) {
    const message = decodeJson(ClientMessage, packet.text);
    if (!message.ok) return { type: 'malformed', socket, refusal: message.refusal };
    return { type: 'received', socket, message: message.value };
  }
  const frame = decodeFrame(packet.frame);
  if (!frame.ok) return { type: 'malformed', socket, refusal: frame.refusal };
  return { type: 'framed', socket, head: frame.value.head, payload: frame.value.payload };
}

/** Never before the first moment: a simulated day begins here. */
export const DAY_ONE = instant(1_750_000_000_000);
