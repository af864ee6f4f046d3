import { openBoundedMap } from '#node/bounded-map.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { Root } from '#protocol/values/ids.ts';

/** Blobs that are remembered: of 16 KiB at most. */
const KEPT_MAX = 512;

/** Input units that came a moment ago, so few that they go along with their lease. */
export interface FreshUnits {
  keep(root: Root, bytes: Uint8Array | undefined): void;
  /** The same message; a lease of such units has their bytes. */
  attach(message: HubMessage): HubMessage;
}

/** Opens the memory of fresh units: a device that has their bytes at once saves a request. */
export function openFreshUnits(): FreshUnits {
  const blobs = openBoundedMap<Root, Uint8Array>(KEPT_MAX);
  return {
    keep(root, bytes) {
      if (bytes !== undefined) blobs.set(root, bytes);
    },
    attach(message) {
      if (message.type !== 'lease') return message;
      const { inputs, unitCount } = message.lease;
      const blob = blobs.get(inputs.root);
      if (blob === undefined) return message;
      const end = inputs.offset + unitCount * inputs.unitBytes;
      return { ...message, units: encodeBase64(blob.subarray(inputs.offset, end)) };
    },
  };
}
