import { addKey, listKeys, readKey, readOwnKey, revokeKey } from '#client/keys.ts';
import type { KeyRequest } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { openHub } from '../hub.ts';

/** What the pages of developers and operators ask of the hub's keys. */
export const keyCalls = {
  fetchOwnKey: (key: string) => readOwnKey(openHub(key)),
  fetchSpent: (key: string, id: DeveloperId) => readKey(openHub(key), id),
  fetchKeys: (key: string) => listKeys(openHub(key)),
  addKey: (key: string, request: KeyRequest) => addKey(openHub(key), request),
  revokeKey: (key: string, id: DeveloperId) => revokeKey(openHub(key), id),
};
