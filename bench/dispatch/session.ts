import { hash } from 'node:crypto';
import { WebSocket } from 'ws';
import { solvePuzzle } from '#protocol/bytes/puzzle.ts';
import {
  type ClientMessage,
  CONTROL_PATH,
  type FrameHead,
  type HubMessage,
  PROTOCOL_VERSION,
} from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import { bytes } from '#protocol/values/units.ts';
import type { Identity } from './identity.ts';

const WELCOME_MS_MAX = 60_000;
const EVERY_NUMBER = { first: 0, tries: Number.MAX_SAFE_INTEGER };
const nativeSha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');

/** A control socket that has been welcomed. */
export interface Session {
  send(message: ClientMessage): void;
  sendFrame(head: FrameHead, payload: Uint8Array): void;
  close(): void;
}

export interface SessionOptions {
  hub: string;
  role: 'contributor' | 'verifier';
  identity: Identity;
  /** Every message after `welcome`, beats left out: they are answered here. */
  hear(message: HubMessage, session: Session): void;
}

/** Connects and says hello; settles when the hub says welcome. */
export function openSession({ hub, role, identity, hear }: SessionOptions): Promise<Session> {
  const url = new URL(CONTROL_PATH, hub.replace(/^http/, 'ws'));
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const session: Session = {
    send: (message) => socket.send(JSON.stringify(message)),
    sendFrame: (head, payload) => socket.send(encodeFrame(head, payload)),
    close: () => socket.close(),
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no welcome came')), WELCOME_MS_MAX);
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`the hub closed the socket with ${code}`)));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as HubMessage;
      switch (message.type) {
        case 'challenge':
          return session.send(answerChallenge(message, { role, identity }));
        case 'welcome':
          clearTimeout(timer);
          return resolve(session);
        case 'beat':
          return session.send({ type: 'beat' });
        case 'refused':
          return reject(new Error(`${message.code}: ${message.message}`));
        default:
          return hear(message, session);
      }
    });
  });
}

/** The hello for a challenge, with the answer to its puzzle where it has one. */
export function answerChallenge(
  { nonce, hub, puzzle }: Extract<HubMessage, { type: 'challenge' }>,
  { role, identity }: Pick<SessionOptions, 'role' | 'identity'>,
): ClientMessage {
  const claim = { version: PROTOCOL_VERSION, role, key: identity.key, hub, nonce };
  const answer = puzzle && solvePuzzle({ ...puzzle, nonce }, EVERY_NUMBER, nativeSha256);
  const hello = {
    type: 'hello' as const,
    claim,
    signature: identity.sign('hello', claim),
    ...(answer === undefined ? {} : { answer }),
  };
  const capabilities = {
    providers: ['wasm' as const],
    features: [],
    threads: 1,
    memoryBytes: bytes(1024 ** 3),
    engine: 'synthetic',
  };
  return role === 'contributor' ? { ...hello, capabilities } : hello;
}
