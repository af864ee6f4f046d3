import {
  type ClientMessage,
  ContributorMessage,
  FRAME_BYTES_MAX,
  HELLO_DEADLINE_MS,
  type HubMessage,
  TEXT_BYTES_MAX,
  VerifierMessage,
} from '#protocol/messages/control.ts';
import { decodeFrame } from '#protocol/messages/message-frame.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { type Refusal, type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import type { HubEvent, SocketId } from '../../core/state/events.ts';
import type { Log } from '../process/log.ts';
import type { HubCounters } from '../process/metrics.ts';
import { acceptUpgrade, openWebSocketServer, type Upgrade, WebSocket } from './web-socket.ts';

/** Bounds of one control socket. */
export interface ControlLimits {
  /** Sockets at once; one more is turned away. */
  sockets: number;
  /** Messages in one second, and how many may come at once after a pause. */
  messagesPerSecond: number;
  messagesBurst: number;
  /** Bytes not yet taken by the other side; a socket that holds more is closed. */
  bufferedBytes: number;
  /** Bytes a socket may send before it is welcomed: enough for a hello, not for a result. */
  bytesBeforeWelcome: number;
}

export const CONTROL_LIMITS: ControlLimits = {
  sockets: 50_000,
  messagesPerSecond: 4_000,
  messagesBurst: 8_000,
  bufferedBytes: 32 * 1024 * 1024,
  bytesBeforeWelcome: TEXT_BYTES_MAX + 64 * 1024,
};

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
  counters: HubCounters;
  log: Log;
}

/** All sockets of one hub. */
interface Control extends ControlOptions {
  limits: ControlLimits;
  connections: Map<SocketId, ControlConnection>;
  ungreeted: Set<ControlConnection>;
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
  filledAt = 0;
  openedAt = 0;
  /** The TCP socket below: it knows how much came, and holds back what goes out together. */
  wire: Upgrade['socket'] | undefined;
}

const VERIFIER_TYPES = new Set<string>(
  VerifierMessage.options.map(({ entries }) => entries.type.literal),
);
const SWEEP_MS = 1_000;

/** The control sockets of a hub: decodes what comes, bounds it, and hands it to `post`. */
export function openControlSockets(
  options: ControlOptions & { limits?: Partial<ControlLimits> },
): ControlSockets {
  const control: Control = {
    ...options,
    limits: { ...CONTROL_LIMITS, ...options.limits },
    connections: new Map(),
    ungreeted: new Set(),
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
        admit(control, connection);
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

function admit(control: Control, connection: ControlConnection): void {
  const { connections, limits } = control;
  connection.control = control;
  connection.on('error', onError);
  if (connections.size >= limits.sockets) {
    const message = 'this hub is full; try again in a minute';
    refuseAndClose(connection, refusal('too-many-connections', message));
    return;
  }
  connection.id = control.nextId++;
  connection.tokens = limits.messagesBurst;
  connection.filledAt = connection.openedAt = performance.now();
  connection.on('message', onMessage);
  connection.on('close', onClose);
  connections.set(connection.id, connection);
  control.ungreeted.add(connection);
  control.counters.socketsOpen += 1;
  control.post({ type: 'connected', socket: connection.id });
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  const connection = this as ControlConnection;
  const { control } = connection;
  if (control === undefined) return;
  const { counters, limits } = control;
  counters.messages += 1;
  if (!takeToken(connection, limits)) {
    counters.socketsTooFast += 1;
    const message = `send at most ${limits.messagesPerSecond} messages a second, then connect again`;
    refuseAndClose(connection, refusal('message-rate', message));
    return;
  }
  const bytes = data as Buffer;
  const event = isBinary ? decodeBinary(connection.id, bytes) : decodeText(connection.id, bytes);
  if (event.type === 'malformed') counters.messagesMalformed += 1;
  control.post(event);
}

function onClose(this: WebSocket): void {
  const { control, id } = this as ControlConnection;
  control?.ungreeted.delete(this as ControlConnection);
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
  if (connection.bufferedAmount > control.limits.bufferedBytes) {
    control.counters.socketsTooSlow += 1;
    control.log.warn({ socket: id }, 'closing a socket that does not read');
    connection.terminate();
    return;
  }
  if (message.type === 'welcome') control.ungreeted.delete(connection);
  if (control.encoded?.message !== message) {
    control.encoded = { message, text: JSON.stringify(message) };
  }
  sendTogether(connection);
  connection.send(control.encoded.text);
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
  connection.send(JSON.stringify(message));
  connection.close(1008, reason.code);
}

/** The core ends a late hello; this ends one that the core never heard of or that is too big. */
function sweep({ ungreeted, limits }: Control): void {
  const now = performance.now();
  for (const connection of ungreeted) {
    if (bytesRead(connection) > limits.bytesBeforeWelcome) {
      ungreeted.delete(connection);
      const message = `say hello first: a socket may send ${limits.bytesBeforeWelcome} bytes before it is welcomed`;
      refuseAndClose(connection, refusal('message-too-long', message));
    } else if (now - connection.openedAt > 2 * HELLO_DEADLINE_MS) {
      connection.terminate();
    }
  }
}

const bytesRead = ({ wire }: ControlConnection): number =>
  wire !== undefined && 'bytesRead' in wire ? Number(wire.bytesRead) : 0;

/** A bucket that fills at `messagesPerSecond`; false when it is empty. */
function takeToken(connection: ControlConnection, limits: ControlLimits): boolean {
  const now = performance.now();
  const gained = ((now - connection.filledAt) / 1000) * limits.messagesPerSecond;
  connection.tokens = Math.min(limits.messagesBurst, connection.tokens + gained) - 1;
  connection.filledAt = now;
  return connection.tokens >= 0;
}

function decodeText(socket: SocketId, bytes: Buffer): HubEvent {
  if (bytes.length > TEXT_BYTES_MAX) {
    const reason = refusal(
      'message-too-long',
      `a text message holds at most ${TEXT_BYTES_MAX} bytes; split it`,
    );
    return { type: 'malformed', socket, refusal: reason };
  }
  const message = decodeClientMessage(bytes.toString('utf8'));
  if (!message.ok) return { type: 'malformed', socket, refusal: message.refusal };
  return { type: 'received', socket, message: message.value };
}

function decodeBinary(socket: SocketId, bytes: Buffer): HubEvent {
  // A plain view: `slice` of a Buffer does not copy, and the core must not know of Buffers.
  const frame = decodeFrame(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  if (!frame.ok) return { type: 'malformed', socket, refusal: frame.refusal };
  return { type: 'framed', socket, ...frame.value };
}

/** Picks the schema by the tag first, so that a refusal names the field and not the whole union. */
function decodeClientMessage(text: string): Result<ClientMessage> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(
      'message-malformed',
      'expected JSON text; check for a missing quote, bracket or a cut-off end',
    );
  }
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : '';
  return typeof type === 'string' && VERIFIER_TYPES.has(type)
    ? decodeWith(VerifierMessage, value)
    : decodeWith(ContributorMessage, value);
}
