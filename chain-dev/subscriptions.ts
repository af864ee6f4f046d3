import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeWith } from '#protocol/values/decode.ts';
import { Call, SignatureSubscribe, Unsubscribe } from './rpc-schema.ts';
import type { Outcome, Svm } from './svm.ts';

const MESSAGE_BYTES_MAX = 16 * 1024;
const SOCKETS_MAX = 1_000;
const SUBSCRIPTIONS_MAX = 1_000;
const SLOT_EVERY_MS = 400;

export interface Subscriptions {
  /** Takes what Node hands to an `upgrade` listener. */
  upgrade(upgrade: { request: IncomingMessage; socket: Duplex; head: Buffer }): void;
  /** A transaction is on disk: who waits for its signature hears of it. */
  finished(outcome: Outcome): void;
  close(): void;
}

interface Subscriber {
  socket: WebSocket;
  /** By subscription: the signature that is waited for, or `slot`. */
  wants: Map<number, string>;
}

/** WebSocket side of the chain: `signatureSubscribe` and `slotSubscribe`, as web3.js uses them. */
export function openSubscriptions(svm: Pick<Svm, 'slot' | 'outcome'>): Subscriptions {
  const options = { noServer: true, clientTracking: false, perMessageDeflate: false };
  const server = new WebSocketServer({ ...options, maxPayload: MESSAGE_BYTES_MAX });
  const state: State = { svm, subscribers: new Set(), nextId: 1 };
  const clock = setInterval(() => tellSlot(state), SLOT_EVERY_MS).unref();
  return {
    upgrade: ({ request, socket, head }) =>
      server.handleUpgrade(request, socket, head, (opened) => join(state, opened)),
    finished(outcome) {
      for (const subscriber of state.subscribers) {
        for (const [id, wanted] of subscriber.wants) {
          if (wanted === outcome.signature) tellSignature(state, { subscriber, id, outcome });
        }
      }
    },
    close() {
      clearInterval(clock);
      for (const { socket } of state.subscribers) socket.terminate();
      server.close();
    },
  };
}

interface State {
  svm: Pick<Svm, 'slot' | 'outcome'>;
  subscribers: Set<Subscriber>;
  nextId: number;
}

function join(state: State, socket: WebSocket): void {
  const { subscribers } = state;
  if (subscribers.size >= SOCKETS_MAX) return socket.close(1013, 'too many sockets');
  const subscriber: Subscriber = { socket, wants: new Map() };
  subscribers.add(subscriber);
  socket.on('message', (data) => receive(state, subscriber, String(data)));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => subscribers.delete(subscriber));
}

function receive(state: State, subscriber: Subscriber, text: string): void {
  const call = decodeWith(Call, parse(text));
  if (!call.ok) return answer(subscriber, null, { error: problem(-32_600, call.refusal.message) });
  const { id, method, params } = call.value;
  switch (method) {
    case 'signatureSubscribe': {
      const asked = decodeWith(SignatureSubscribe, [params[0], params[1]]);
      if (asked.ok) return subscribe(state, subscriber, { call: id, wanted: asked.value[0] });
      return answer(subscriber, id, { error: problem(-32_602, asked.refusal.message) });
    }
    case 'slotSubscribe':
      return subscribe(state, subscriber, { call: id, wanted: 'slot' });
    case 'signatureUnsubscribe':
    case 'slotUnsubscribe': {
      const asked = decodeWith(Unsubscribe, [params[0]]);
      const ended = asked.ok && subscriber.wants.delete(asked.value[0]);
      return answer(subscriber, id, { result: ended });
    }
    default: {
      const message = `no subscription ${method} here; signatureSubscribe and slotSubscribe are`;
      return answer(subscriber, id, { error: problem(-32_601, message) });
    }
  }
}

function subscribe(
  state: State,
  subscriber: Subscriber,
  { call, wanted }: { call: Call['id']; wanted: string },
): void {
  if (subscriber.wants.size >= SUBSCRIPTIONS_MAX) {
    const message = `at most ${SUBSCRIPTIONS_MAX} subscriptions on a socket; end some`;
    return answer(subscriber, call, { error: problem(-32_602, message) });
  }
  const id = state.nextId++;
  subscriber.wants.set(id, wanted);
  answer(subscriber, call, { result: id });
  // It may have ended before anyone asked.
  const outcome = wanted === 'slot' ? undefined : state.svm.outcome(wanted);
  if (outcome !== undefined) tellSignature(state, { subscriber, id, outcome });
}

function tellSlot({ svm, subscribers }: State): void {
  let slot: number | undefined;
  for (const subscriber of subscribers) {
    for (const [id, wanted] of subscriber.wants) {
      if (wanted !== 'slot') continue;
      slot ??= svm.slot();
      const result = { slot, parent: slot - 1, root: slot - 1 };
      notify(subscriber, 'slotNotification', { subscription: id, result });
    }
  }
}

function tellSignature(
  { svm }: State,
  { subscriber, id, outcome }: { subscriber: Subscriber; id: number; outcome: Outcome },
): void {
  subscriber.wants.delete(id);
  const result = { context: { slot: svm.slot() }, value: { err: outcome.error } };
  notify(subscriber, 'signatureNotification', { subscription: id, result });
}

const problem = (code: number, message: string) => ({ code, message });

function answer({ socket }: Subscriber, id: Call['id'], reply: object): void {
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...reply }));
}

function notify({ socket }: Subscriber, method: string, params: object): void {
  socket.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
