import { type HubClient, openClient, type Send } from '#client/client.ts';
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

/** Opens calls to a hub. `insecure` accepts the certificate of `npm start -- --lan`. */
export function openHubHttp(hub: URL, insecure: boolean, key?: string): HubHttp {
  let ticket = key;
  const send: Send = insecure ? openTlsFetch({ rejectUnauthorized: false }) : fetch;
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
