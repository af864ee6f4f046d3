import { type HubClient, openClient } from '#client/client.ts';
import type { JobId } from '#protocol/values/ids.ts';

/** What reads a job asks with: the developer's key. */
export interface KeyedRequest {
  key: string;
  job: JobId;
}

/** The hub that this page came from, called with a developer's key where one is given. */
export const openHub = (key?: string): HubClient => openClient({ hub: location.origin, key });
