import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type HubMessage, PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { Nonce } from '#protocol/values/ids.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { type HubPin, type HubPinOptions, openHubPin } from './hub-pin.ts';
import { type KeyFile, openKeyFile } from './key-file.ts';
import { openTestFolder } from './test-folder.ts';

const data = openTestFolder();
const hub = new URL('https://hub.example:8787');
const nonce = 'ab'.repeat(32) as Nonce;
const makeKey = (name: string) => openKeyFile(join(data, 'keys', name));
const own = { role: 'verifier' as const, key: (await makeKey('own')).key };
const [ours, theirs] = await Promise.all([makeKey('ours'), makeKey('theirs')]);

let folders = 0;
const newFolder = () => join(data, String(folders++));
const open = (folder: string, options: Partial<HubPinOptions> = {}) =>
  openHubPin({ hub, folder, ...options });

/** What a program finds wrong with a hub that names `told` and signs with `signer`. */
function meet(pin: HubPin, told: KeyFile, signer = told): string | undefined {
  const distrust = pin.watch(own);
  const challenge = { type: 'challenge', versions: [PROTOCOL_VERSION], nonce, hub: told.key };
  const claim = { version: PROTOCOL_VERSION, ...own, hub: told.key, nonce };
  const welcome = {
    type: 'welcome',
    proof: signer.sign('welcome', claim),
    now: instant(1),
    beatMs: millis(1_000),
    ticket: 't',
    iceServers: [],
  };
  return distrust(challenge as HubMessage) ?? distrust(welcome as HubMessage);
}

it('a hub is known by its first key from then on, after a restart too', async () => {
  const folder = newFolder();
  const pin = await open(folder);
  expect(meet(pin, ours)).toBeUndefined();
  expect(meet(pin, ours)).toBeUndefined();
  expect(meet(pin, theirs)).toContain(`has the key ${theirs.key}, and this program trusts`);
  const again = await open(folder);
  expect(meet(again, theirs)).toContain('--trust-new-hub');
  expect(meet(again, ours)).toBeUndefined();
  const elsewhere = await open(folder, { hub: new URL('https://other.example') });
  expect(meet(elsewhere, theirs)).toBeUndefined();
});

it('a hub that cannot sign with the key it names is not that hub, and is not kept', async () => {
  const folder = newFolder();
  const pin = await open(folder);
  expect(meet(pin, ours, theirs)).toContain('cannot show that it has the key');
  expect(meet(await open(folder), theirs)).toBeUndefined();
});

it('a welcome without a challenge proves nothing', async () => {
  const distrust = (await open(newFolder())).watch(own);
  const proof = ours.sign('welcome', {});
  expect(distrust({ type: 'welcome', proof } as HubMessage)).toContain('cannot show');
});

it('a new key is trusted where the user says so, and kept in place of the old one', async () => {
  const folder = newFolder();
  meet(await open(folder), ours);
  expect(meet(await open(folder, { trustNew: true }), theirs)).toBeUndefined();
  expect(meet(await open(folder), ours)).toContain(`trusts ${theirs.key}`);
  const named = await open(folder, { key: ours.key });
  expect(meet(named, theirs)).toContain(`trusts ${ours.key}`);
  expect(meet(named, ours)).toBeUndefined();
  expect(await readFile(join(folder, 'hub-keys', encodeURIComponent(hub.origin)), 'utf8')).toBe(
    `${ours.key}\n`,
  );
});

it('a file without a key is not overwritten', async () => {
  const folder = newFolder();
  await mkdir(join(folder, 'hub-keys'), { recursive: true });
  await writeFile(join(folder, 'hub-keys', encodeURIComponent(hub.origin)), 'nothing');
  await expect(open(folder)).rejects.toThrow('holds no key of a hub');
});

it('a key that cannot be kept ends the session, and the hub is asked again', async () => {
  const blocked = newFolder();
  const opened = await open(blocked);
  await writeFile(blocked, '');
  expect(meet(opened, ours)).toContain('cannot be kept');
  expect(meet(opened, ours)).toContain('cannot be kept');
});
