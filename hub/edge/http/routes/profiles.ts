import { ProfileRequest, ProfileView, TeamList } from '#protocol/api/profiles.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { viewProfile, viewTeams } from '../../../core/hub.ts';
import { answerText, reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { json, NOTHING } from '../describe.ts';
import { type ApiPorts, anyone, type Call, operator, type Route } from '../route.ts';

/** Contributors who chose to be public, and their teams. */
export const profileRoutes = (ports: ApiPorts): Route[] => [
  anyone(
    'POST /v1/profiles',
    {
      does: 'Chooses what a contributor is called in public, with its signature; without a name and a team its profile is removed.',
      body: json({ ProfileRequest }),
      answers: { 200: json({ ProfileView }), 204: NOTHING },
      cost: 50,
    },
    (call) => changeProfile(ports, call),
  ),
  anyone(
    'GET /v1/profiles/:device',
    {
      does: 'Shows a contributor who chose to be public.',
      answers: { 200: json({ ProfileView }) },
    },
    (call) => readProfile(ports, call),
  ),
  operator(
    'DELETE /v1/profiles/:device',
    {
      does: 'Takes the public name and the team of a contributor away.',
      answers: { 204: NOTHING },
    },
    (call) => removeProfile(ports, call),
  ),
  anyone(
    'GET /v1/teams',
    {
      does: 'Lists the 100 teams with most units, of contributors who chose one.',
      answers: { 200: json({ TeamList }) },
      cost: 5,
    },
    () => viewTeams(ports.hub),
  ),
];

async function changeProfile({ hub, loop }: ApiPorts, { request }: Call) {
  const profile = await readJson(ProfileRequest, request);
  must(await loop.command({ type: 'profile', profile }));
  return viewProfile(hub, profile.record.device) ?? answerText('', 204, {});
}

async function removeProfile({ loop }: ApiPorts, { param }: Call): Promise<void> {
  const device = must(decodeWith(PublicKey, param('device'), 'request-invalid'));
  must(await loop.command({ type: 'remove-profile', device }));
}

function readProfile({ hub }: ApiPorts, { param }: Call): ProfileView {
  const device = must(decodeWith(PublicKey, param('device'), 'request-invalid'));
  const profile = viewProfile(hub, device);
  if (profile !== undefined) return profile;
  return reject('profile-unknown', 'this contributor chose no public name and no team');
}
