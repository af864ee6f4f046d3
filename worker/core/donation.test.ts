import { expect, test } from 'vitest';
import type { Donation } from '#protocol/messages/control.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { openBench } from './fake-world.ts';

const JOB = 'job_0123456789abcdef' as JobId;

/** A device that joins a hub, and what it says there. */
function openDevice(donates: Donation) {
  const { post, welcome, all } = openBench({ donates });
  post({ type: 'start' });
  const said = () =>
    all('send').map(({ message }) =>
      message.type === 'donate' ? `donate ${message.jobs}` : message.type,
    );
  return { post, welcome, said };
}

test('a device says after each welcome what it gives away, before it asks for anything', () => {
  const device = openDevice([JOB]);
  device.welcome();
  expect(device.said()).toEqual(['hello', `donate ${JOB}`, 'request']);
});

test('a choice made anew is said at once', () => {
  const device = openDevice('none');
  device.welcome();
  expect(device.said()).toEqual(['hello', 'request']);
  device.post({ type: 'donate', jobs: 'all' });
  device.post({ type: 'donate', jobs: 'none' });
  expect(device.said().slice(2)).toEqual(['donate all', 'donate none']);
});

test('a choice made while the hub is away is said when it is back', () => {
  const device = openDevice('none');
  device.post({ type: 'donate', jobs: 'all' });
  expect(device.said()).toEqual([]);
  device.welcome();
  expect(device.said()).toEqual(['hello', 'donate all', 'request']);
});
