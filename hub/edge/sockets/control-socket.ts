import {
  FRAME_BYTES_MAX,
  HELLO_DEADLINE_MS,
  type HubMessage,
  PUZZLE_DEADLINE_MS,
} from '#protocol/messages/control.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { HubEvent, SocketId } from '../../core/state/events.ts';
import type { Log } from '../process/log.ts';
import type { HubCounters } from '../process/metrics.ts';
import { decodeBinary, decodeText } from './decode-message.ts';
import {
  CONTROL_LIMITS,
  type ControlLimits,
  FRAME_SLACK_BYTES,
  MESSAGE_BYTES_MAX,
} from './limits.ts';
import { openSenders, type Sender, type Senders } from './senders.ts';
import { acceptUpgrade, openWebSocketServer, type Upgrade, WebSocket } from './web-socket.ts';

/** The control sockets of a hub, by number. */
export interface ControlSockets {
  upgrade(upgrade: Upgrade): void;
  send(id: SocketId, message: HubMessage): void;
  close(id: SocketId): void;
  /** Ends every socket at once and stops the sweep. */
  stop(): void;
}

interface ControlOptions {
  post(event: HubEvent): void;
  /** Whether a device holds a lease. */
  isWorking(id: SocketId): boolean;
  /** The longest payload that a socket may send now in a binary frame. */
  frameBytes(id: SocketId): number;
  counters: HubCounters;
  log: Log;
}

/** All sockets of one hub. */
interface Control extends ControlOptions {
  limits: ControlLimits;
  connections: Map<SocketId, ControlConnection>;
  ungreeted: Set<ControlConnection>;
  senders: Senders;
  bytesInFlight: number;
  nextId: SocketId;
  /** The message that was sent last, as text: one to many sockets is encoded once. */
  encoded?: { message: HubMessage; text: string };
}

/**
 * What the edge remembers of a socket sits on the socket itself, and all sockets share their
 * listeners: 20,000 idle ones have to fit in memory.
 */
class ControlConnection extends WebSocket {
  control: Control | undefined;
  id: SocketId = 0;
  tokens = 0;
  perSecond = 0;
  filledAt = 0;
  openedAt = 0;
  helloMs = HELLO_DEADLINE_MS;
  sender: Sender | undefined;
  /** Bytes of a message that has begun and not ended, and how many those may become. */
  inFlight = 0;
  allowed = 0;
  /** Of what is sent to it; more once it is a verifier's. */
  bufferedMax = 0;
  /** The TCP socket below: it knows how much came, and holds back what goes out together. */
  wire: Upgrade['socket'] | undefined;
}

const SWEEP_MS = 1_000;

/** The control sockets of a hub: decodes what comes, bounds it, and hands it to `post`. */
export function openControlSockets(
  options: ControlOptions & { limits?: Partial<ControlLimits> },
): ControlSockets {
  const limits = { ...CONTROL_LIMITS, ...options.limits };
  const control: Control = {
    ...options,
    limits,
    connections: new Map(),
    ungreeted: new Set(),
    senders: openSenders(limits),
    bytesInFlight: 0,
    nextId: 1,
  };
  const server = openWebSocketServer<typeof ControlConnection>({
    WebSocket: ControlConnection,
    maxPayload: FRAME_BYTES_MAX + 64 * 1024,
  });
  const timer = setInterval(() => sweep(control), SWEEP_MS);
  timer.unref();
  return {
    upgrade(upgrade) {
      acceptUpgrade(server, upgrade, (connection) => {
        connection.wire = upgrade.socket;
        admit(control, connection, upgrade.request.socket.remoteAddress);
      });
    },
    send: (id, message) => sendTo(control, id, message),
    close(id) {
      control.connections.get(id)?.close(1000);
    },
    stop() {
      clearInterval(timer);
      for (const connection of control.connections.values()) connection.terminate();
      server.close();
    },
  };
}

function admit(control: Control, connection: ControlConnection, address: string | undefined): void {
  const { connections, limits, senders } = control;
  const entered = senders.enter(address);
  connection.control = control;
  connection.sender = entered.sender;
  connection.on('error', onError);
  connection.on('close', onClose);
  const isFull = connections.size >= limits.sockets;
  const full = refusal('too-many-connections', 'this hub is full; try again in a minute');
  const problem = isFull ? full : entered.refusal;
  if (problem !== undefined) return refuseAndClose(connection, problem);
  connection.id = control.nextId++;
  connection.perSecond = limits.messagesPerSecond.idle;
  connection.tokens = connection.perSecond * limits.burstSeconds;
  connection.allowed = limits.bytesBeforeWelcome;
  connection.bufferedMax = limits.bufferedBytes.device;
  connection.filledAt = connection.openedAt = performance.now();
  connection.on('message', onMessage);
  connection.on('ping', onPing);
  // Before the library reads the bytes: what it then has a whole message of is in flight no more.
  connection.wire?.prependListener('data', (chunk: Buffer) => watchBytes(connection, chunk.length));
  connections.set(connection.id, connection);
  control.ungreeted.add(connection);
  control.counters.socketsOpen += 1;
  control.post({ type: 'connected', socket: connection.id });
}

/**
 * Closes a socket in the middle of a message that is too long for it. Only who holds a lease whose
 * commitment is logged may send more than a text, and then as much as its result has.
 */
function watchBytes(connection: ControlConnection, length: number): void {
  const { control, sender } = connection;
  if (control === undefined || sender === undefined || connection.readyState > WebSocket.OPEN)
    return;
  connection.inFlight += length;
  sender.bytesInFlight += length;
  control.bytesInFlight += length;
  const { limits, ungreeted } = control;
  if (connection.inFlight > connection.allowed && !ungreeted.has(connection)) {
    // Once for each message: a lease that ends meanwhile does not cut its result off.
    const frame = control.frameBytes(connection.id);
    const most = frame === 0 ? 0 : Math.min(frame, FRAME_BYTES_MAX) + FRAME_SLACK_BYTES;
    connection.allowed = Math.max(connection.allowed, most);
  }
  if (connection.inFlight > connection.allowed) {
    const message = ungreeted.has(connection)
      ? `say hello first: a socket may send ${connection.allowed} bytes before it is welcomed`
      : 'a message this long is the result of a lease whose commitment is logged, and no other';
    return stopReading(connection, refusal('message-too-long', message));
  }
  const most = Math.min(sender.limits.bytesInFlight, limits.bytesInFlight);
  if (sender.bytesInFlight <= most && control.bytesInFlight <= limits.bytesInFlight) return;
  const message =
    'too much is on its way to this hub that has not ended; connect again in a minute';
  stopReading(connection, refusal('message-rate', message));
}

/** A message has come to its end. */
function landed(connection: ControlConnection): void {
  const { control, sender } = connection;
  if (control !== undefined) control.bytesInFlight -= connection.inFlight;
  if (sender !== undefined) sender.bytesInFlight -= connection.inFlight;
  connection.inFlight = 0;
}

/** Refuses a socket that is in the middle of a message: the rest of it is not read. */
function stopReading(connection: ControlConnection, reason: Refusal): void {
  refuseAndClose(connection, reason);
  connection.pause();
}

/** The library would answer whatever comes, and keep the answers for who does not read. */
function onPing(this: WebSocket, data: Buffer): void {
  const connection = this as ControlConnection;
  const { control } = connection;
  if (control === undefined) return;
  if (!takeToken(connection, control)) return tooFast(connection, control);
  if (connection.bufferedAmount > connection.bufferedMax) return connection.terminate();
  connection.pong(data);
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  const connection = this as ControlConnection;
  const { control } = connection;
  if (control === undefined) return;
  const { counters } = control;
  landed(connection);
  if (!control.ungreeted.has(connection)) connection.allowed = MESSAGE_BYTES_MAX;
  counters.messages += 1;
  if (!takeToken(connection, control)) return tooFast(connection, control);
  const bytes = data as Buffer;
  const event = isBinary ? decodeBinary(connection.id, bytes) : decodeText(connection.id, bytes);
  if (event.type === 'malformed') counters.messagesMalformed += 1;
  control.post(event);
}

function tooFast(connection: ControlConnection, { counters }: Control): void {
  counters.socketsTooFast += 1;
  const message = `send at most ${connection.perSecond} messages a second, then connect again`;
  refuseAndClose(connection, refusal('message-rate', message));
}

function onClose(this: WebSocket): void {
  const connection = this as ControlConnection;
  const { control, id, sender } = connection;
  landed(connection);
  if (sender !== undefined) control?.senders.leave(sender);
  control?.ungreeted.delete(connection);
  if (control?.connections.delete(id) !== true) return;
  control.counters.socketsOpen -= 1;
  control.post({ type: 'disconnected', socket: id });
}

/** Bad WebSocket frames; the library closes the socket, so `close` follows. */
function onError(this: WebSocket, error: Error): void {
  const { control, id } = this as ControlConnection;
  if (control === undefined) return;
  control.counters.messagesMalformed += 1;
  control.log.debug({ socket: id, error: error.message }, 'control socket error');
}

function sendTo(control: Control, id: SocketId, message: HubMessage): void {
  const connection = control.connections.get(id);
  if (connection === undefined) return;
  if (connection.bufferedAmount > connection.bufferedMax) return dropSlow(control, connection);
  if (message.type === 'welcome') welcome(control, connection, message);
  else if (message.type === 'challenge' && message.puzzle !== undefined) {
    connection.helloMs = PUZZLE_DEADLINE_MS;
  }
  if (control.encoded?.message !== message) {
    control.encoded = { message, text: JSON.stringify(message) };
  }
  sendTogether(connection);
  connection.send(control.encoded.text);
}

function welcome(
  { limits, ungreeted }: Control,
  connection: ControlConnection,
  { peer }: Extract<HubMessage, { type: 'welcome' }>,
): void {
  ungreeted.delete(connection);
  connection.allowed = MESSAGE_BYTES_MAX;
  if (peer !== undefined) return;
  connection.bufferedMax = limits.bufferedBytes.verifier;
  connection.perSecond = limits.messagesPerSecond.verifier;
  // It says at once all that the hub may not have on disk.
  connection.tokens = connection.perSecond * limits.burstSeconds;
}

function dropSlow({ counters, log }: Control, connection: ControlConnection): void {
  counters.socketsTooSlow += 1;
  log.warn({ socket: connection.id }, 'closing a socket that does not read');
  connection.terminate();
}

/** What one turn of the event loop says to a socket goes out with one call of the system. */
function sendTogether({ wire }: ControlConnection): void {
  if (wire === undefined || wire.writableCorked > 0) return;
  wire.cork();
  process.nextTick(() => wire.uncork());
}

function refuseAndClose(connection: ControlConnection, reason: Refusal): void {
  const message: HubMessage = { type: 'refused', code: reason.code, message: reason.message };
  connection.removeListener('message', onMessage);
  connection.removeListener('ping', onPing);
  connection.send(JSON.stringify(message));
  connection.close(1008, reason.code);
}

/** The core ends a late hello; this ends one that the core never heard of. */
function sweep(control: Control): void {
  const { ungreeted, connections, limits, senders } = control;
  senders.sweep();
  const now = performance.now();
  for (const connection of ungreeted) {
    if (now - connection.openedAt > 2 * connection.helloMs) connection.terminate();
  }
  let buffered = 0;
  for (const { bufferedAmount } of connections.values()) buffered += bufferedAmount;
  if (buffered <= limits.bufferedBytesOfAll) return;
  const slowest = [...connections.values()].sort((a, b) => b.bufferedAmount - a.bufferedAmount);
  for (const connection of slowest) {
    if (buffered <= limits.bufferedBytesOfAll / 2) return;
    buffered -= connection.bufferedAmount;
    dropSlow(control, connection);
  }
}

/** A bucket that fills at the rate of its socket; false when it is empty. */
function takeToken(connection: ControlConnection, { limits, isWorking }: Control): boolean {
  const { messagesPerSecond: rates, burstSeconds } = limits;
  const now = performance.now();
  const gained = ((now - connection.filledAt) / 1000) * connection.perSecond;
  const most = connection.perSecond * burstSeconds;
  connection.tokens = Math.min(most, connection.tokens + gained) - 1;
  connection.filledAt = now;
  if (connection.tokens >= 0) return true;
  // Whoever works has more to say. The core is asked when it matters, not for each message.
  if (connection.perSecond !== rates.idle || !isWorking(connection.id)) return false;
  connection.perSecond = rates.working;
  connection.tokens = rates.working * burstSeconds;
  return true;
}
