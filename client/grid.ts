import { GridView, Health } from '#protocol/api/grid-view.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { CallOptions, HubClient } from './client.ts';

/** Whether the hub is well, its version and the key that it signs with. */
export const readHealth = (hub: HubClient, options?: CallOptions) =>
  hub.ask(Health, '/v1/health', options);

/** Devices and verifiers online. */
export const readGrid = (hub: HubClient, options?: CallOptions) =>
  hub.ask(GridView, '/v1/grid', options);

/** Enrols a verifier by its public key. Takes an operator's key. */
export const enrolVerifier = (hub: HubClient, key: PublicKey) =>
  hub.tell('/v1/verifiers', { method: 'POST', json: { key } });
