import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { nameNetwork } from '../process/networks.ts';

/** What one address (of IPv6, a network of 64 bits) may have at once. */
export interface SenderLimits {
  sockets: number;
  hellosPerMinute: number;
  /** Of messages that have begun and have not ended. */
  bytesInFlight: number;
}

export const SENDER_LIMITS: SenderLimits = {
  sockets: 500,
  hellosPerMinute: 1_000,
  bytesInFlight: 128 * 1024 * 1024,
};
/** This machine itself: a proxy on it connects for everybody. */
export const LOCAL_LIMITS: SenderLimits = {
  sockets: 50_000,
  hellosPerMinute: Number.POSITIVE_INFINITY,
  bytesInFlight: 1024 ** 3,
};
const MINUTE_MS = 60_000;

/** An address with sockets, or with some in the last minute. */
export interface Sender {
  readonly limits: SenderLimits;
  sockets: number;
  hellos: number;
  bytesInFlight: number;
}

/** Who has sockets, by address. */
export interface Senders {
  /** The sender of a new socket, counted; or why it may have none. Each one that enters, leaves. */
  enter(address: string | undefined): { sender: Sender; refusal?: Refusal };
  leave(sender: Sender): void;
  /** Begins another minute, once one is over. */
  sweep(): void;
}

/** Counts sockets and hellos of each address. */
export function openSenders(limits: { others: SenderLimits; local: SenderLimits }): Senders {
  const senders = new Map<string | undefined, Sender>();
  let minuteAt = performance.now();
  return {
    enter(address) {
      const name = nameNetwork(address);
      const sender = senders.get(name) ?? {
        limits: name === undefined ? limits.local : limits.others,
        ...{ sockets: 0, hellos: 0, bytesInFlight: 0 },
      };
      senders.set(name, sender);
      sender.sockets += 1;
      sender.hellos += 1;
      const reason = problemOf(sender);
      return reason === undefined ? { sender } : { sender, refusal: reason };
    },
    leave(sender) {
      sender.sockets -= 1;
    },
    sweep() {
      if (performance.now() - minuteAt < MINUTE_MS) return;
      minuteAt = performance.now();
      for (const [name, sender] of senders) {
        if (sender.sockets === 0) senders.delete(name);
        else sender.hellos = 0;
      }
    },
  };
}

function problemOf({ sockets, hellos, limits }: Sender): Refusal | undefined {
  if (sockets > limits.sockets) {
    const message = `this address has ${limits.sockets} sockets open; close one, or try again in a minute`;
    return refusal('too-many-connections', message);
  }
  if (hellos > limits.hellosPerMinute) {
    const message = `this address connects more than ${limits.hellosPerMinute} times a minute; try again in a minute`;
    return refusal('message-rate', message);
  }
  return undefined;
}
