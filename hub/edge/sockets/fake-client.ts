import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { digestCommitment } from '#protocol/bytes/digest.ts';
import { type SigningContext, signingBytes } from '#protocol/bytes/signature.ts';
import {
  type Capabilities,
  CONTROL_PATH,
  type FrameHead,
  type HubMessage,
  PROTOCOL_VERSION,
} from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import type { Lease } from '#protocol/records/records.ts';
import type { Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { WebSocket } from './web-socket.ts';

type Told<T extends HubMessage['type']> = Extract<HubMessage, { type: T }>;

/** A device or verifier that says what a test wants it to say, over a real socket. */
export interface FakeClient {
  socket: WebSocket;
  key: PublicKey;
  /** The code the socket was closed with. */
  closed: Promise<number>;
  /** What the hub said next. */
  next(): Promise<HubMessage>;
  /** The next message of this type; beats and whatever else came before it are dropped. */
  until<T extends HubMessage['type']>(type: T): Promise<Told<T>>;
  say(message: unknown): void;
  sayFrame(head: FrameHead, payload: Uint8Array): void;
  /** The signed hello for a challenge. */
  hello(challenge: Told<'challenge'>, role: 'contributor' | 'verifier'): unknown;
  sign(context: SigningContext, record: unknown): Signature;
}

export interface FakeKey {
  key: PublicKey;
  /** It calls from this one of the machine's own addresses. */
  localAddress?: string;
  sign(context: SigningContext, record: unknown): Signature;
}

export function makeFakeKey(): FakeKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  return {
    key: Buffer.from(String(x), 'base64url').toString('hex') as PublicKey,
    sign: (context, record) =>
      sign(null, signingBytes(context, record), privateKey).toString('hex') as Signature,
  };
}

/** Connects to a hub's address. */
export function openFakeClient(url: string, who: FakeKey = makeFakeKey()): FakeClient {
  const { localAddress } = who;
  const from = localAddress === undefined ? {} : { localAddress };
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${CONTROL_PATH}`, from);
  const told: HubMessage[] = [];
  let wake = () => {};
  socket.on('message', (data) => {
    told.push(JSON.parse(String(data)) as HubMessage);
    wake();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('error', () => undefined);
  async function next(): Promise<HubMessage> {
    for (;;) {
      const message = told.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return {
    socket,
    key: who.key,
    closed,
    next,
    async until<T extends HubMessage['type']>(type: T) {
      for (;;) {
        const message = await next();
        if (message.type === type) return message as Told<T>;
      }
    },
    say: (message) => socket.send(JSON.stringify(message)),
    sayFrame: (head, payload) => socket.send(encodeFrame(head, payload)),
    hello({ hub, nonce }, role) {
      const claim = { version: PROTOCOL_VERSION, role, key: who.key, hub, nonce };
      return { type: 'hello', claim, signature: who.sign('hello', claim), ...capable(role) };
    },
    sign: who.sign,
  };
}

function capable(role: 'contributor' | 'verifier'): { capabilities?: Capabilities } {
  if (role === 'verifier') return {};
  const memoryBytes = 600 * 1024 * 1024;
  const capabilities = {
    providers: ['wasm'],
    features: [],
    threads: 1,
    memoryBytes,
    engine: 'fake',
  };
  return { capabilities: capabilities as unknown as Capabilities };
}

/** Connects, says hello, and waits for the welcome. */
export async function openFakeSession(
  url: string,
  role: 'contributor' | 'verifier',
  who?: FakeKey,
): Promise<FakeClient & { welcome: Told<'welcome'> }> {
  const client = openFakeClient(url, who);
  const challenge = await client.until('challenge');
  client.say(client.hello(challenge, role));
  const message = await client.next();
  if (message.type !== 'welcome') throw new Error(JSON.stringify(message));
  return { ...client, welcome: message };
}

/** Commits to outputs and reveals them; resolves when the hub has accepted them. */
export async function deliver(
  device: FakeClient,
  lease: Lease,
  outputs: Uint8Array,
): Promise<Told<'accepted'>> {
  const unit = outputs.length / lease.unitCount;
  const digests = Buffer.concat(
    Array.from({ length: lease.unitCount }, (_, at) =>
      createHash('sha256')
        .update(outputs.subarray(at * unit, (at + 1) * unit))
        .digest(),
    ),
  );
  const salt = randomBytes(32).toString('hex') as Nonce;
  const commitment = digestCommitment({ lease: lease.id, device: device.key, salt, digests });
  const signature = device.sign('commitment', { lease: lease.id, device: device.key, commitment });
  device.say({ type: 'commit', lease: lease.id, commitment, signature });
  await device.until('logged');
  const reveal = { lease: lease.id, salt, computeMs: millis(20) };
  device.sayFrame({ type: 'reveal', reveal }, outputs);
  return device.until('accepted');
}
