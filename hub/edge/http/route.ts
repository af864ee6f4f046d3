import type { KeyFile } from '#node/key-file.ts';
import type { DeveloperId, PublicKey } from '#protocol/values/ids.ts';
import type { Hub } from '../../core/hub.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { Money } from '../chain/open.ts';
import type { CommitmentLog } from '../log/commitment-log.ts';
import type { HubLoop } from '../loop.ts';
import type { Log } from '../process/log.ts';
import type { HubCounters } from '../process/metrics.ts';
import type { Store } from '../store/port.ts';

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
  log: Log;
  /** An empty folder for uploads in progress. */
  uploads: string;
  /** Aborted when the hub stops; streams end then. */
  stopping: AbortSignal;
}

export interface Call {
  request: Request;
  /** A named part of the path; an empty string when it is not there. */
  param(name: string): string;
  query: URLSearchParams;
}

/** A call with an API key. */
export interface DeveloperCall extends Call {
  developer: DeveloperId;
}

interface Place {
  method: 'GET' | 'POST' | 'DELETE';
  /** `:name` marks a parameter. */
  path: string;
  /**
   * What a call takes from its address (`call-limits.ts`); nothing where it costs the hub little.
   */
  cost?: number;
}

export type Answer<C extends Call = Call> = (call: C) => Promise<Response> | Response;

/** Who may call: `developer` with an API key, `verifier` with the ticket of its session. */
export type Route = Place &
  (
    | { caller: 'anyone' | 'verifier'; answer: Answer }
    | { caller: 'developer'; answer: Answer<DeveloperCall> }
  );
