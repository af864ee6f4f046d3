import { Agent, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import * as v from 'valibot';

/** The SHA-256 of a certificate, as a hub prints it: hex, with colons or without. */
export const Fingerprint = v.pipe(
  v.string(),
  v.transform((text) => text.replaceAll(':', '').toLowerCase()),
  v.regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of a certificate, as the hub prints it'),
);

const HANDSHAKE_MS_MAX = 15_000;

/** A server showed another certificate than the pinned one; nothing was sent to it. */
export class WrongCertificate extends Error {
  constructor(shown: string, pinned: string) {
    super(
      `the server shows a certificate with the SHA-256 ${shown}, and --pin names ${pinned}: compare it with what the hub prints`,
    );
    this.name = 'WrongCertificate';
  }
}

/** Throws where a pin is named for an address without TLS: there is no certificate to compare. */
export function checkPinned(hub: URL, pin: string | undefined): void {
  if (pin === undefined || hub.protocol === 'https:') return;
  throw new Error(`--pin is of a certificate, and ${hub.origin} has none: name the https address`);
}

/**
 * Connects to servers whose certificate has this SHA-256 and to no other, whoever signed it and
 * whatever name it is for. A connection is handed on only when that is known.
 */
export class PinnedAgent extends Agent {
  readonly #pin: string;

  constructor(pin: string) {
    super({ keepAlive: true });
    this.#pin = pin;
  }

  override createConnection(
    options: RequestOptions,
    handOn: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const { host, port, servername } = options as {
      host: string;
      port: number;
      servername: string;
    };
    // No session of an earlier connection: one that is resumed shows no certificate.
    const socket = connect({ host, port, servername, rejectUnauthorized: false });
    const fail = (error: Error) => handOn(error, socket);
    socket.once('error', fail);
    socket.setTimeout(HANDSHAKE_MS_MAX, () =>
      socket.destroy(new Error('the handshake took too long')),
    );
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      const shown = socket.getPeerCertificate().fingerprint256 ?? '';
      if (shown.replaceAll(':', '').toLowerCase() === this.#pin) return handOn(null, socket);
      socket.destroy();
      handOn(new WrongCertificate(shown, this.#pin), socket);
    });
  }
}
