import type { KeyFile } from '#node/key-file.ts';
import type { Access, KeyView } from '#protocol/api/keys.ts';
import type { DeliveryView } from '#protocol/api/webhooks.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Hub } from '../../core/hub.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { Money } from '../chain/open.ts';
import type { FreshUnits } from '../inputs/fresh-units.ts';
import type { CommitmentLog } from '../log/commitment-log.ts';
import type { HubLoop } from '../loop.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { HubCounters } from '../process/metrics.ts';
import type { WriteWatch } from '../process/write-watch.ts';
import type { Store } from '../store/port.ts';
import type { KeptWebhook } from '../store/webhooks/hooks.ts';
import type { Threads } from '../threads/threads.ts';
import type { Description } from './describe.ts';
import type { Uploads } from './uploads.ts';
import type { TargetRules } from './webhooks/targets.ts';

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
  freshUnits: FreshUnits;
  /** Moves batches on. */
  batches: { wake(): void };
  webhooks: WebhookPort;
  /** Where the hub may send and fetch what developers name by address. */
  targets: TargetRules;
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
  /** Bytes in hex for the id of what the call makes: random, and the same when it is repeated. */
  newId(bytes: number): string;
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
export type Route = Place &
  (
    | { caller: 'anyone' | 'verifier'; answer: Answer }
    | { caller: 'reader' | 'writer' | 'operator'; answer: Answer<KeyCall> }
  );

/** Where a call goes, with a path in which `:name` marks a parameter, and what is said of it. */
interface Place {
  method: string;
  path: string;
  description: Description;
}

/** A route for everybody. */
export const anyone = (place: string, description: Description, answer: Answer): Route => {
  return { ...readPlace(place, description), caller: 'anyone', answer };
};
/** A route for verifiers, by their ticket. */
export const verifier = (place: string, description: Description, answer: Answer): Route => {
  return { ...readPlace(place, description), caller: 'verifier', answer };
};
/** A route for whoever may read jobs, by API key. */
export const reader = (place: string, description: Description, answer: Answer<KeyCall>): Route => {
  return { ...readPlace(place, description), caller: 'reader', answer };
};
/** A route for whoever may post and move jobs, by API key. */
export const writer = (place: string, description: Description, answer: Answer<KeyCall>): Route => {
  return { ...readPlace(place, description), caller: 'writer', answer };
};
/** A route for operators, by API key. */
export const operator = (
  place: string,
  description: Description,
  answer: Answer<KeyCall>,
): Route => {
  return { ...readPlace(place, description), caller: 'operator', answer };
};

/** Whether a call that is made again with its idempotency key is answered as before. */
export const isRepeatable = ({ method, caller, description }: Route): boolean =>
  method === 'POST' && caller === 'writer' && description.isSecret !== true;

function readPlace(place: string, description: Description): Place {
  const [method = '', path = ''] = place.split(' ');
  return { method, path, description };
}
