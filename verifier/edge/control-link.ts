import { WebSocket } from 'ws';
import { type ControlLink, controlUrl, openControlLink } from '#client/control-link.ts';
import type { HubPin } from '#node/hub-pin.ts';
import { PinnedAgent } from '#node/pinned-agent.ts';
import { FRAME_BYTES_MAX, HELLO_DEADLINE_MS } from '#protocol/messages/control.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { LinkId, VerifierEvent } from '../core/state/events.ts';

const CLOSE_MS_MAX = 2_000;

/** Where the hub is, how it is known, and who says hello to it. */
export interface HubPlace {
  hub: URL;
  pin: string | undefined;
  hubPin: HubPin;
  key: PublicKey;
}

/** One control socket of a verifier. Ends with one `disconnected`, unless we closed it. */
export function openVerifierLink(
  link: LinkId,
  { hub, pin, hubPin, key }: HubPlace,
  post: (event: VerifierEvent) => void,
): ControlLink {
  const socket = new WebSocket(controlUrl(hub), {
    handshakeTimeout: HELLO_DEADLINE_MS,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    ...(pin === undefined ? {} : { agent: new PinnedAgent(pin) }),
  });
  let failure: string | undefined;
  socket.on('error', (error) => {
    failure = `the hub at ${hub.origin} cannot be reached: ${reasonOf(error)}`;
  });
  const opened = openControlLink(
    socket as unknown as globalThis.WebSocket,
    (event) => {
      if (event.type === 'opened') post({ type: 'connected', link });
      else if (event.type !== 'closed') post({ ...event, link });
      else post({ type: 'disconnected', link, reason: failure ?? event.reason });
    },
    { drop: () => socket.terminate(), distrust: hubPin.watch({ role: 'verifier', key }) },
  );
  return {
    ...opened,
    close() {
      opened.close();
      setTimeout(() => socket.terminate(), CLOSE_MS_MAX).unref();
    },
  };
}

/** A refused connection on several addresses comes as an AggregateError with an empty message. */
function reasonOf(error: Error): string {
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  return error.message || (first instanceof Error ? first.message : error.name);
}
