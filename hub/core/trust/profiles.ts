import type { ProfileRecord, ProfileRequest } from '#protocol/api/profiles.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { likenessOf } from '#protocol/values/public-name.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Fact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import { describeBan } from '../state/questions.ts';
import { listUnderway } from '../state/underway.ts';
import type { Turn } from '../turn.ts';

/** How far a device's clock may be off when it signs. */
const CLOCK_MS = 600_000;
/** Profiles of one hub: all of them are in memory. */
const PROFILES_MAX = 20_000;
/** Names that speak for the grid. */
const RESERVED = ['admin', 'hub', 'moderator', 'official', 'operator', 'pocketgrid', 'support']
  .concat(['the operator', 'verifier'])
  .map(likenessOf);

/** What is wrong with the word of a device on its profile, whatever the device. */
export function profileFault(
  { hub, world }: Turn,
  { record, signature }: ProfileRequest,
): Refusal | undefined {
  const { device: key, at } = record;
  if (!world.verify({ key, context: 'profile', record, signature })) {
    return refusal('signature-wrong', 'a profile is signed by the device that it is of');
  }
  if (Math.abs(world.now - at) > CLOCK_MS) {
    return refusal(
      'request-invalid',
      'the profile was signed at another time; set the clock',
      'at',
    );
  }
  if (record.hub === hub.config.hub) return undefined;
  return refusal(
    'profile-refused',
    'a profile names the key of the hub that it is for; sign it anew',
  );
}

/** A device chooses a public name and a team, or none. Nothing where it says what holds. */
export function changeProfile(turn: Turn, request: ProfileRequest): Fact[] | Refusal {
  const { hub, world } = turn;
  const fault = profileFault(turn, request) ?? deviceFault(turn, request.record);
  if (fault !== undefined) return fault;
  const { device, name, team, at } = request.record;
  const known = hub.profiles.get(device);
  if (known?.name === name && known?.team === team) return [];
  const taken = name === undefined ? undefined : nameFault(hub, device, name);
  const spelled = team === undefined ? undefined : teamFault(hub, team);
  const refused = taken ?? spelled;
  if (refused !== undefined) return refused;
  const more = { ...(name !== undefined && { name }), ...(team !== undefined && { team }) };
  return [{ type: 'profile', device, ...more, signedAt: at, at: world.now }];
}

/** An operator takes a public name and a team away. Nothing where there are none. */
export function removeProfile({ hub, world }: Turn, device: PublicKey): Fact[] | Refusal {
  const isThere = wordsOf(hub).some((words) => words.device === device);
  return isThere ? [{ type: 'profile', device, signedAt: world.now, at: world.now }] : [];
}

function deviceFault({ hub, world }: Turn, record: ProfileRecord): Refusal | undefined {
  const { device, at } = record;
  const known = hub.profiles.get(device);
  if (listUnderway(hub.underway, 'profile').some((fact) => fact.device === device)) {
    return refusal('busy', 'the same is being written already; ask again in a second');
  }
  if (known !== undefined && at <= known.signedAt) {
    return refusal('profile-refused', 'a newer word of this device is known already: sign it anew');
  }
  // Whoever has a profile may always take it back.
  if (record.name === undefined && record.team === undefined) return undefined;
  const { standing = 0, ban } = hub.deviceRecords.get(device) ?? {};
  if (ban !== undefined && ban.until > world.now) {
    return refusal('profile-refused', `this device is banned: ${describeBan(ban)}`);
  }
  if (standing === 0) {
    const message =
      'a profile is for devices with accepted work; choose a name after the first units';
    return refusal('profile-refused', message);
  }
  if (known !== undefined || hub.profiles.size < PROFILES_MAX) return undefined;
  return refusal('profile-refused', `this hub has ${PROFILES_MAX} profiles, and takes no more`);
}

/** Names and teams that hold, or are being written. */
const wordsOf = ({ profiles, underway }: Hub) => [
  ...[...profiles].map(([device, { name, team }]) => ({ device, name, team })),
  ...listUnderway(underway, 'profile').map(({ device, name, team }) => ({ device, name, team })),
];

function nameFault(hub: Hub, device: PublicKey, name: string): Refusal | undefined {
  const like = likenessOf(name);
  const isTaken = wordsOf(hub).some(
    (other) =>
      other.device !== device && other.name !== undefined && likenessOf(other.name) === like,
  );
  if (!isTaken && !RESERVED.includes(like)) return undefined;
  const message = `"${name}" is taken, or looks like a name that is; choose another one`;
  return refusal('profile-refused', message, 'name');
}

/** Who joins a team writes its name as those in it do. */
function teamFault(hub: Hub, team: string): Refusal | undefined {
  const like = likenessOf(team);
  if (RESERVED.includes(like)) {
    return refusal(
      'profile-refused',
      `"${team}" looks like the grid itself; choose another one`,
      'team',
    );
  }
  const there = wordsOf(hub).find(
    (other) => other.team !== undefined && other.team !== team && likenessOf(other.team) === like,
  );
  if (there === undefined) return undefined;
  const message = `there is a team "${there.team}", which looks the same: write it so to join it`;
  return refusal('profile-refused', message, 'team');
}
