import { TEXT_BYTES_MAX } from '#protocol/messages/control.ts';
import { LOCAL_LIMITS, SENDER_LIMITS, type SenderLimits } from './senders.ts';

/** Bounds of control sockets. */
export interface ControlLimits {
  /** Sockets at once; one more is turned away. */
  sockets: number;
  /** Messages in one second: of whoever has no lease, of a device that has had one, of a verifier. */
  messagesPerSecond: { idle: number; working: number; verifier: number };
  /** How many seconds' worth may come at once after a pause. */
  burstSeconds: number;
  /** Bytes not yet taken by the other side; a socket that holds more is closed. */
  bufferedBytes: { device: number; verifier: number };
  /** The same of all sockets together: those that hold most are closed. */
  bufferedBytesOfAll: number;
  /** Bytes a socket may send before it is welcomed: enough for a hello, not for a result. */
  bytesBeforeWelcome: number;
  /** Of messages that have begun and have not ended, of all sockets together. */
  bytesInFlight: number;
  /** Of one address, and of this machine. */
  others: SenderLimits;
  local: SenderLimits;
}

const MIB = 1024 * 1024;

export const CONTROL_LIMITS: ControlLimits = {
  sockets: 50_000,
  messagesPerSecond: { idle: 20, working: 1_000, verifier: 4_000 },
  burstSeconds: 10,
  bufferedBytes: { device: 4 * MIB, verifier: 32 * MIB },
  bufferedBytesOfAll: 512 * MIB,
  bytesBeforeWelcome: 32 * 1024,
  bytesInFlight: 1024 * MIB,
  others: SENDER_LIMITS,
  local: LOCAL_LIMITS,
};

/** What any welcomed socket may have begun to send; a result is longer, and needs a lease. */
export const MESSAGE_BYTES_MAX = TEXT_BYTES_MAX + 1024;
/** Around the payload of a frame: its head, and what the sockets below cut it into. */
export const FRAME_SLACK_BYTES = 64 * 1024;
