import { beforeAll, expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { changeProfile, readProfile, readTeams } from '#client/profiles.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { ProfileRecord } from '#protocol/api/profiles.ts';
import { must } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { makeFakeKey } from '../../sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from '../../sockets/fake-job.ts';
import { openSharedDatabase } from '../../store/database/open.ts';
import { openTestHub } from '../../test-hub.ts';

const [verifierKey, device] = [makeFakeKey(), makeFakeKey()];
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key], needsVerifier: false }));
const client = () => openClient({ hub: new URL(hub.url) });

beforeAll(async () => {
  const job = await (await postFakeJob(hub, { units: 3, autoStart: true })).json();
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  await computeFakeJob(hub, { job: job as JobView, who: device });
  verifier.socket.close();
});

let said = 0;
function choose(words: Pick<ProfileRecord, 'name' | 'team'> | object) {
  said += 1;
  const at = instant(Date.now() + said);
  const record = { device: device.key, hub: hub.hub, at, ...words };
  const signature = device.sign('profile', record);
  return changeProfile(client(), { record, signature } as Parameters<typeof changeProfile>[1]);
}

it('a contributor is shown by nothing until it chooses a name, and its team is in the table', async () => {
  expect(await readProfile(client(), device.key)).toMatchObject({
    refusal: { code: 'profile-unknown' },
  });
  expect(must(await readTeams(client()))).toEqual({ teams: [] });
  must(await choose({ name: 'Ann', team: 'Red Team' }));
  expect(must(await readProfile(client(), device.key))).toMatchObject({
    ...{ device: device.key, name: 'Ann', team: 'Red Team', units: 0 },
  });
  expect(must(await readTeams(client()))).toEqual({
    teams: [{ name: 'Red Team', members: 1, units: 0 }],
  });
});

it.each([
  ['name', 'x'.repeat(33)],
  ['name', 'An\nn'],
  ['name', 'Pаul'],
  ['team', '<b>'],
])('a %s such as %j is refused by the name of its field', async (field, value) => {
  const refused = await choose({ [field]: value });
  expect(refused).toMatchObject({
    refusal: { code: 'request-invalid', path: `record.${field}` },
  });
});

it('an operator takes a name away, and nobody else', async () => {
  must(await choose({ name: 'Ann' }));
  const path = `/v1/profiles/${device.key}`;
  expect((await fetch(`${hub.url}${path}`, { method: 'DELETE' })).status).toBe(401);
  expect((await readProfile(client(), device.key)).ok).toBe(true);
  expect((await hub.call(path, { method: 'DELETE' })).status).toBe(204);
  expect((await readProfile(client(), device.key)).ok).toBe(false);
  expect((await hub.call(path, { method: 'DELETE' })).status).toBe(204);
});

// privacy: profile-choice
it('what is removed is gone, from the hub and from its store', async () => {
  must(await choose({ name: 'Ann of the Hills' }));
  must(await choose({}));
  expect((await readProfile(client(), device.key)).ok).toBe(false);
  await hub.close();
  await hub.open();
  expect((await readProfile(client(), device.key)).ok).toBe(false);
  const database = await openSharedDatabase(`${hub.data}/hub.db`);
  const rows = await database.read<{ body: string }>(
    "select body from fact where type = 'profile'",
  );
  expect(rows.length).toBeGreaterThan(1);
  expect(JSON.stringify(rows)).not.toMatch(/Ann|Red Team/);
  await database.close();
});
