import {
  type ControlLink,
  controlUrl,
  type LinkEvent,
  openControlLink,
} from '#client/control-link.ts';
import type { Nonce } from '#protocol/values/ids.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import { openContributor, stepContributor } from '../core/contributor.ts';
import type { ContributorConfig, ContributorEffect, ContributorEvent } from '../core/events.ts';
import { type ComputeOwner, openComputeOwner } from './compute-owner.ts';
import { type Downloads, downloadRefusal, openDownloads } from './downloads.ts';
import { type HttpSource, openHttpSource } from './http-source.ts';
import type { DeviceWorld } from './ports.ts';
import { searchAnswer } from './puzzle.ts';

const TICK_MS = 500;

/** The contributor's core, with its effects performed. */
export interface DeviceLoop {
  post(event: ContributorEvent): void;
  close(): void;
}

/** What performs effects: one part of the world each. */
interface Hands {
  world: DeviceWorld;
  http: HttpSource;
  links: Map<number, ControlLink>;
  owner: ComputeOwner;
  downloads: Downloads;
  post(event: ContributorEvent): void;
}

/** Joins the contributor's core to a world: one event at a time, effects in order. */
export function openDeviceLoop(config: ContributorConfig, world: DeviceWorld): DeviceLoop {
  const device = openContributor(config);
  const queue: ContributorEvent[] = [];
  let stepping = false;
  let closed = false;
  const post = (event: ContributorEvent): void => {
    if (closed) return;
    queue.push(event);
    if (stepping) return;
    stepping = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const chance = { now: instant(Date.now()), random: drawNonce };
        for (const effect of stepContributor(device, next, chance)) perform(hands, effect);
      }
    } finally {
      stepping = false;
    }
  };
  const { cache, peers, runtimes, openPort } = world;
  const http = openHttpSource(world.hub, world.send);
  const hands: Hands = {
    world,
    http,
    links: new Map(),
    owner: openComputeOwner({ cache, openPort, runtimes, post }),
    downloads: openDownloads({ cache, http, peers, post }),
    post,
  };
  const timer = setInterval(() => post({ type: 'tick' }), TICK_MS);
  return {
    post,
    close() {
      clearInterval(timer);
      closed = true;
      hands.downloads.close();
      hands.owner.close();
      for (const link of hands.links.values()) link.close();
    },
  };
}

function perform(hands: Hands, effect: ContributorEffect): void {
  const { world, http, links, owner, downloads, post } = hands;
  switch (effect.type) {
    case 'connect': {
      const { socket } = effect;
      const wire = world.openSocket(controlUrl(world.hub));
      const told = (event: LinkEvent): void => {
        if (event.type === 'closed' || event.type === 'malformed') links.delete(socket);
        post({ ...event, socket });
      };
      const link = openControlLink(wire, told, { distrust: world.watchHub?.() });
      links.set(socket, link);
      return;
    }
    case 'close':
      links.get(effect.socket)?.close();
      links.delete(effect.socket);
      return;
    case 'send':
      return links.get(effect.socket)?.send(effect.message);
    case 'send-frame':
      return links.get(effect.socket)?.sendFrame(effect.head, effect.payload);
    case 'solve': {
      const { socket } = effect;
      return void searchAnswer(effect.puzzle, () => links.has(socket)).then((answer) => {
        if (answer !== undefined) post({ type: 'solved', socket, answer });
      });
    }
    case 'sign':
      return void world
        .sign(effect.context, effect.record)
        .then((signature) => post({ type: 'signed', token: effect.token, signature }))
        .catch((error: unknown) => loseSockets(hands, error));
    case 'remember':
      // A device that cannot remember still works: it only learns less from a crash.
      return void world
        .remember(effect.memory)
        .catch(() => undefined)
        .then(() => post({ type: 'remembered', token: effect.token }));
    case 'fetch':
      return downloads.start(effect.fetch, effect.target, effect.wantBytes);
    case 'fetch-runtime':
      return fetchRuntime(hands, effect);
    case 'cancel-runtime':
      return world.runtimes?.cancel(effect.build);
    case 'cancel-fetch':
      return downloads.cancel(effect.fetch);
    case 'load':
      return owner.load(effect);
    case 'run':
      return owner.run(effect);
    case 'prove':
      return owner.prove(effect);
    case 'terminate':
      return owner.terminate(effect.worker);
    case 'status':
      return world.tell(effect.status);
    case 'note':
      return world.note?.(effect.note);
    case 'joined':
      http.setTicket(effect.ticket);
      return joinPeers(world, effect);
    case 'sources':
      return world.peers?.addHolders(effect.root, effect.peers);
    case 'left':
      return world.peers?.leave();
  }
}

function fetchRuntime(
  { world, post }: Hands,
  { fetch, build }: Extract<ContributorEffect, { type: 'fetch-runtime' }>,
): void {
  const progress = ({ received, total }: { received: number; total: number }) =>
    post({ type: 'runtime-progress', fetch, received: bytes(received), total: bytes(total) });
  const fetched = world.runtimes?.fetch(build, progress) ?? Promise.resolve();
  fetched
    .then(() => post({ type: 'fetched', fetch }))
    .catch((error: unknown) =>
      post({ type: 'fetch-failed', fetch, refusal: downloadRefusal(error) }),
    );
}

/** Without a signature nothing can be said to the hub: the core connects again, later and later. */
function loseSockets({ links, post }: Hands, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  for (const [socket, link] of links) {
    link.close();
    links.delete(socket);
    post({ type: 'closed', socket, reason: `the device key cannot sign: ${why}` });
  }
}

function joinPeers(
  { peers }: DeviceWorld,
  { peer, peerToken: token, seeder, iceServers }: Extract<ContributorEffect, { type: 'joined' }>,
): void {
  if (peer === undefined || token === undefined || seeder === undefined) return;
  peers?.join({ peer, token, seeder, iceServers });
}

const drawNonce = (): Nonce => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') as Nonce;
};
