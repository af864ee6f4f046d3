import { type ProfileRequest, ProfileView, TeamList } from '#protocol/api/profiles.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { HubClient } from './client.ts';

/** A contributor who chose to be public; `profile-unknown` where it did not. */
export const readProfile = (hub: HubClient, device: PublicKey) =>
  hub.ask(ProfileView, `/v1/profiles/${device}`);

/** The teams with most units. */
export const readTeams = (hub: HubClient) => hub.ask(TeamList, '/v1/teams');

/** Has a contributor called so in public, by its signature; without a name and a team no more. */
export const changeProfile = (hub: HubClient, request: ProfileRequest) =>
  hub.tell('/v1/profiles', { method: 'POST', json: request });
