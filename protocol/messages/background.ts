import type { Blocks } from '../api/about.ts';
import type { PublicKey } from '../values/ids.ts';
import type { Reason } from '../values/reason.ts';
import type { Instant } from '../values/units.ts';
import type { CarePolicy, DeviceSignals } from './care.ts';
import type { Donation } from './control.ts';

/** The browser's cache of the runtime's files; their names change with what is in them. */
export const RUNTIME_CACHE = 'pocketgrid-runtime';
/** Held, shared, while a page may hold a lease; alone by who updates the app or works without a page. */
export const WORK_LOCK = 'pocketgrid-work';

/** The background worker: a service worker of its own, registered where its person wants it. */
export const BACKGROUND = {
  script: '/background.js',
  scope: '/background/',
  tag: 'pocketgrid-look',
  /** The browser wakes it no more often, and mostly less. */
  intervalMs: 12 * 3_600_000,
} as const;

/** What a person wants done while no page is open; all of it is off until he says so. */
export interface BackgroundWishes {
  /** Tells when more pay is settled. */
  tellsPay: boolean;
  /** Tells when work waits. */
  tellsWork: boolean;
  /** Computes one short shard each time it is woken. */
  computes: boolean;
}
/** Nothing is done while no page is open. */
export const WISHES_NONE: BackgroundWishes = { tellsPay: false, tellsWork: false, computes: false };

/** What a page leaves for the background worker. */
export interface BackgroundOrders {
  hub: string;
  wishes: BackgroundWishes;
  donates: Donation;
  blocks: Blocks;
  care: CarePolicy;
  signals: DeviceSignals;
  /** The name that this device goes by, once it has worked. */
  device?: PublicKey;
}

/** What a page says to the background worker; both are answered by a `Woken`, on the port that comes along. */
export type BackgroundMessage =
  | { type: 'orders'; orders: BackgroundOrders }
  /** Looks at the hub now, as it does when it is woken; it computes nothing. */
  | { type: 'look' };

/** What came of the last time that the browser woke it. */
export interface Woken {
  at?: Instant;
  reason?: Reason;
}

/** Where a browser keeps the `KeptGrid`. */
export const GRID_CACHE = { name: 'pocketgrid-grid', key: '/kept-grid' } as const;
