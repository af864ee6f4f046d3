import { KeyList, type KeyRequest, NewKey, OwnKey, type ShareRequest } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import type { HubClient } from './client.ts';

/** The key that this client calls with, and what its jobs came to so far. */
export const readOwnKey = (hub: HubClient) => hub.ask(OwnKey, '/v1/key');

/** A key of the hub with what its jobs came to. Takes an operator's key. */
export const readKey = (hub: HubClient, id: DeveloperId) => hub.ask(OwnKey, `/v1/keys/${id}`);

/** All keys of the hub, the oldest first. Takes an operator's key. */
export const listKeys = (hub: HubClient) => hub.ask(KeyList, '/v1/keys');

/** Makes a key; its text is in this answer alone. Takes an operator's key. */
export const addKey = (hub: HubClient, request: Partial<KeyRequest> & Pick<KeyRequest, 'name'>) =>
  hub.ask(NewKey, '/v1/keys', { method: 'POST', json: request });

/** Revokes a key, for good. Takes an operator's key. */
export const revokeKey = (hub: HubClient, id: DeveloperId) =>
  hub.tell(`/v1/keys/${id}`, { method: 'DELETE' });

/** Lets another key read or write the jobs of `owner`: the calling key, or any for an operator. */
export const shareJobs = (hub: HubClient, owner: DeveloperId, request: ShareRequest) =>
  hub.tell(`/v1/keys/${owner}/shared`, { method: 'PUT', json: request });
