import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import type { DeviceMessage } from '#protocol/messages/device.ts';
import type { Root } from '#protocol/values/ids.ts';
import type { BlobCache, PeerLinks } from '../ports.ts';
import { openPeerChannel, type PeerChannel } from './peer-channel.ts';

const PEERS_MAX = 4;

/** Data channels that the page opens for its worker. */
export interface BrowserPeers extends PeerLinks {
  /** The page made or took a channel and transferred it here. */
  take(peer: string, channel: RTCDataChannel): void;
  failed(peer: string): void;
}

/** The peers of a page: it makes the connections, this worker speaks on their channels. */
export function openPeerLinks(world: {
  cache: BlobCache;
  ask(message: DeviceMessage): void;
  served(total: number): void;
}): BrowserPeers {
  const { cache, ask } = world;
  const channels = new Map<string, PeerChannel>();
  const holders = new Map<Root, Set<string>>();
  let seeder: string | undefined;
  let served = 0;

  const connect = (peer: string): void => {
    if (!channels.has(peer) && channels.size < PEERS_MAX) ask({ type: 'connect', peer });
  };
  return {
    holders(root) {
      const known = [...(holders.get(root) ?? [])];
      const all = seeder === undefined ? known : [...known, seeder];
      return all.filter((peer) => channels.get(peer)?.isOpen() === true);
    },
    request(peer, range) {
      const channel = channels.get(peer);
      if (channel === undefined) return Promise.reject(new Error(`peer ${peer} has gone`));
      return channel.request(range);
    },
    join({ peer, token, seeder: named, iceServers }) {
      seeder = named;
      ask({ type: 'join', peer, token, path: SIGNALLING_PATH, iceServers });
      connect(named);
    },
    addHolders(root, peers) {
      holders.set(root, new Set(peers));
      // The hub's own peer may have been away; it is asked for again with each blob.
      for (const peer of seeder === undefined ? peers : [seeder, ...peers]) connect(peer);
    },
    take(peer, channel) {
      channels.get(peer)?.close();
      const opened = openPeerChannel(channel, {
        cache,
        served(length) {
          served += length;
          world.served(served);
        },
        closed: () => {
          if (channels.get(peer) === opened) channels.delete(peer);
        },
      });
      channels.set(peer, opened);
    },
    failed(peer) {
      channels.get(peer)?.close();
      channels.delete(peer);
    },
    letGo(peer) {
      // The hub's own peer serves every blob that this device may have: it may only be slow.
      if (peer !== seeder) channels.get(peer)?.close();
    },
    leave() {
      for (const channel of channels.values()) channel.close();
      channels.clear();
      holders.clear();
      ask({ type: 'leave' });
    },
  };
}
