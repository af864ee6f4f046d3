import { readGrid } from '#client/grid.ts';
import { KeptGrid } from '#protocol/api/grid-view.ts';
import { GRID_CACHE } from '#protocol/messages/background.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { openHub } from './hub.ts';

/** Devices and verifiers online. */
export const fetchGrid = () => readGrid(openHub());

/** What the background worker last kept of the grid, for when the hub is silent. */
export async function readKeptGrid(): Promise<KeptGrid | undefined> {
  const kept = await globalThis.caches
    ?.match(GRID_CACHE.key, { cacheName: GRID_CACHE.name })
    .catch(() => undefined);
  const grid = decodeWith(KeptGrid, await kept?.json());
  return grid.ok ? grid.value : undefined;
}
