import type { WebSocket } from 'ws';
import type { Identity } from '../dispatch/identity.ts';

/** A connection of a stranger to a hub. */
export interface HostileSocket {
  closed: Promise<void>;
  end(): void;
}

/** A stranger on a control socket: who it says it is, and where it comes from. */
export interface Stranger {
  hub: string;
  address: string;
  identity: Identity;
  socket: WebSocket;
}
