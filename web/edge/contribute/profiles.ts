import { readHealth } from '#client/grid.ts';
import { changeProfile, readProfile, readTeams } from '#client/profiles.ts';
import type { ProfileView } from '#protocol/api/profiles.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { PublicName, plainName } from '#protocol/values/public-name.ts';
import { accept, attempt, must, PocketgridError, type Result } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { openHub } from '../hub.ts';
import { askContributorWorker } from './contributor-worker.ts';

/** A contributor as it chose to be shown; `none` where it chose nothing. */
export async function fetchProfile(device: PublicKey): Promise<Result<ProfileView | 'none'>> {
  const found = await readProfile(openHub(), device);
  return !found.ok && found.refusal.code === 'profile-unknown' ? accept('none') : found;
}

/** The teams with most units. */
export const fetchTeams = () => readTeams(openHub());

/** Has this device called so in public; where both are empty, no more. */
export const saveProfile = (typed: { name: string; team: string }): Promise<Result<true>> =>
  attempt(async () => {
    const name = readName(typed.name, 'name');
    const team = readName(typed.team, 'team');
    const { hub } = must(await readHealth(openHub()));
    const words = { ...(name && { name }), ...(team && { team }) };
    const ask = { type: 'sign-profile', hub, ...words, at: instant(Date.now()) } as const;
    const request = await askContributorWorker(ask, (said) =>
      said.type === 'profile-signed' ? said.result : undefined,
    );
    return must(await changeProfile(openHub(), must(request)));
  });

function readName(typed: string, path: 'name' | 'team'): string {
  const name = plainName(typed);
  if (name === '') return name;
  const decoded = decodeWith(PublicName, name, 'request-invalid');
  if (decoded.ok) return decoded.value;
  throw new PocketgridError({ ...decoded.refusal, path });
}
