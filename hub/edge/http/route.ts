import type { KeyFile } from '#node/key-file.ts';
import type { Access, KeyView } from '#protocol/api/keys.ts';
import type { DeliveryView } from '#protocol/api/webhooks.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Hub } from '../../core/hub.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { Money } from '../chain/open.ts';
import type { CommitmentLog } from '../log/commitment-log.ts';
import type { HubLoop } from '../loop.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { HubCounters } from '../process/metrics.ts';
import type { WriteWatch } from '../process/write-watch.ts';
import type { Store } from '../store/port.ts';
import type { KeptWebhook } from '../store/webhooks/hooks.ts';
import type { Threads } from '../threads/threads.ts';
import type { Uploads } from './uploads.ts';

/** What the calls of the API work on. */
export interface ApiPorts extends Money {
  hub: Hub;
  hubKey: PublicKey;
  loop: HubLoop;
  store: Store;
  commitments: CommitmentLog;
  sign: KeyFile['sign'];
  blobs: BlobStore;
  counters: HubCounters;
  clock: Clock;
  writes: WriteWatch;
  log: Log;
  uploads: Uploads;
  threads: Threads;
  /** Moves batches on. */
  batches: { wake(): void };
  webhooks: WebhookPort;
  /** Aborted when the hub stops; streams end then. */
  stopping: AbortSignal;
}

/** Sends what happens to whoever asked for it. */
export interface WebhookPort {
  /** Refuses an address that nothing would be sent to. */
  check(url: string): Promise<void>;
  /** Looks at once what is to be sent. */
  wake(): void;
  /** Sends a test to a webhook, once, and gives how that went. */
  test(webhook: KeptWebhook): Promise<DeliveryView>;
}

/** One HTTP call, as a route gets it. */
export interface Call {
  request: Request;
  /** A named part of the path; an empty string when it is not there. */
  param(name: string): string;
  query: URLSearchParams;
  /** The address it came from, as bounds count it; undefined for this machine. */
  caller?: string | undefined;
  /** What a call with an API key needs to be able to do with the job that it names. */
  by?: { key: KeyView; need: Access };
}

/** A call with an API key. */
export interface KeyCall extends Call {
  key: KeyView;
  /** Whether the key still holds, and may see the job of the path: long answers look again. */
  mayGoOn(): Promise<boolean>;
}

/**
 * Answers a call with a response, or with a value to be sent as JSON, or with nothing (204). A
 * refusal is thrown (`reject`, `must`).
 */
export type Answer<C extends Call = Call> = (call: C) => unknown;

/**
 * Who may call: `reader` and `writer` with an API key that may read or write jobs, `operator` with
 * an operator's, `verifier` with the ticket of its session.
 */
export type Route = ReturnType<typeof readPlace> &
  (
    | { caller: 'anyone' | 'verifier'; answer: Answer }
    | { caller: 'reader' | 'writer' | 'operator'; answer: Answer<KeyCall> }
  );

/**
 * Calls by method and path, where `:name` marks a parameter. `cost` is what one takes from its
 * address (`call-limits.ts`): nothing where it costs the hub little.
 */
export const anyone = (place: string, answer: Answer, cost = 0): Route => {
  return { ...readPlace(place, cost), caller: 'anyone', answer };
};
/** A route for verifiers, by their ticket. */
export const verifier = (place: string, answer: Answer): Route => {
  return { ...readPlace(place, 0), caller: 'verifier', answer };
};
/** A route for whoever may read jobs, by API key; `cost` counts against its calls. */
export const reader = (place: string, answer: Answer<KeyCall>, cost = 0): Route => {
  return { ...readPlace(place, cost), caller: 'reader', answer };
};
/** A route for whoever may post and move jobs, by API key. */
export const writer = (place: string, answer: Answer<KeyCall>): Route => {
  return { ...readPlace(place, 0), caller: 'writer', answer };
};
/** A route for operators, by API key. */
export const operator = (place: string, answer: Answer<KeyCall>): Route => {
  return { ...readPlace(place, 0), caller: 'operator', answer };
};

function readPlace(place: string, cost: number) {
  const [method = '', path = ''] = place.split(' ');
  return { method, path, cost };
}
