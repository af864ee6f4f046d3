import { expect, test } from 'vitest';
import { type Donation, PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { JobId, Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { openContributor, stepContributor } from './contributor.ts';
import type { ContributorEffect, ContributorEvent } from './events.ts';
import { fakeConfig } from './fake-config.ts';

const JOB = 'job_0123456789abcdef' as JobId;
const NONCE = '77'.repeat(32) as Nonce;
const HUB = 'aa'.repeat(32) as PublicKey;

/** A device that joins a hub, and what it says there. */
function openDevice(donates: Donation) {
  const device = openContributor(fakeConfig({ donates }));
  const said: string[] = [];
  let socket = 0;
  function post(event: ContributorEvent): void {
    const world = { now: instant(1_000), random: () => NONCE };
    for (const effect of stepContributor(device, event, world)) perform(effect);
  }
  function perform(effect: ContributorEffect): void {
    if (effect.type === 'connect') socket = effect.socket;
    if (effect.type === 'send') {
      const { message } = effect;
      said.push(message.type === 'donate' ? `donate ${message.jobs}` : message.type);
    }
    if (effect.type === 'sign') {
      post({ type: 'signed', token: effect.token, signature: 'ee'.repeat(64) as Signature });
    }
    if (effect.type === 'remember') post({ type: 'remembered', token: effect.token });
  }
  function join(): void {
    const challenge = { versions: [PROTOCOL_VERSION], nonce: NONCE, hub: HUB };
    post({ type: 'received', socket, message: { type: 'challenge', ...challenge } });
    const told = { now: instant(1_000), beatMs: millis(20_000), ticket: 't', iceServers: [] };
    post({ type: 'received', socket, message: { type: 'welcome', ...told } });
  }
  post({ type: 'start' });
  return { post, join, said };
}

test('what is given away is said after each welcome, before anything is asked for', () => {
  const device = openDevice([JOB]);
  device.join();
  expect(device.said).toEqual(['hello', `donate ${JOB}`, 'request']);
});

test('a choice made anew is said at once', () => {
  const device = openDevice('none');
  device.join();
  expect(device.said).toEqual(['hello', 'request']);
  device.post({ type: 'donate', jobs: 'all' });
  device.post({ type: 'donate', jobs: 'none' });
  expect(device.said.slice(2)).toEqual(['donate all', 'donate none']);
});

test('a choice made while the hub is away is said when it is back', () => {
  const device = openDevice('none');
  device.post({ type: 'donate', jobs: 'all' });
  expect(device.said).toEqual([]);
  device.join();
  expect(device.said).toEqual(['hello', 'donate all', 'request']);
});
