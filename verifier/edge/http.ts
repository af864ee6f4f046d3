import { type HubClient, openClient, type Send } from '#client/client.ts';
import { checkPinned } from '#node/pinned-agent.ts';
import { openTlsFetch } from '#node/tls-fetch.ts';

/** A call may carry a whole log; a hub that is down is asked again by whoever needs it. */
const CALL_MS_MAX = 60_000;
/** A long log is read faster than a hub gives it to one address. */
const PAUSES_MAX = 100;

/** Calls to one hub, and the ticket they are made with. */
export interface HubHttp {
  client: HubClient;
  /** How its requests get there, for what else talks to this hub. */
  send: Send;
  /** The bearer ticket of the session at hand. */
  setTicket(ticket: string): void;
}

/** The certificate that a hub must have, where nobody signed it, and an API key or ticket. */
export interface HubTrust {
  pin?: string | undefined;
  key?: string;
}

/** Opens calls to a hub; with a pin, to one whose certificate has that SHA-256 and to no other. */
export function openHubHttp(hub: URL, { pin, key }: HubTrust = {}): HubHttp {
  checkPinned(hub, pin);
  let ticket = key;
  const send: Send = pin === undefined ? fetch : openTlsFetch({ pin });
  return {
    client: openClient({
      hub,
      key: () => ticket,
      send: (request) => send(request),
      timeoutMs: CALL_MS_MAX,
      patience: PAUSES_MAX,
    }),
    send,
    setTicket(value) {
      ticket = value;
    },
  };
}
