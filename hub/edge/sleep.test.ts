import { expect, test } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { openClock } from './process/clock.ts';
import { deliver, makeFakeKey, openFakeClient } from './sockets/fake-client.ts';
import { openFakeDevice, postFakeJob, prepareFakeJob, withTicket } from './sockets/fake-job.ts';
import { openTestHub } from './test-hub.ts';

const who = makeFakeKey();
/** What the process missed: its timers stood still, the time of the world went on. */
let slept = 0;
const clock = openClock(
  () => Date.now() + slept,
  () => performance.now() + slept,
);
const hub = openTestHub(() => ({ verifierKeys: [who.key], clock }));

test('a hub that slept for an hour blames nobody: sessions stay, and the lease is delivered', async () => {
  const job = (await (await postFakeJob(hub, { units: 3, autoStart: true })).json()) as JobView;
  const verifier = await prepareFakeJob(hub.url, who);
  const device = await openFakeDevice(hub.url);
  const greeted = openFakeClient(hub.url);
  const challenge = await greeted.until('challenge');
  const { lease } = await device.until('lease');
  const { root, offset, unitBytes } = lease.inputs;
  const range = `bytes=${offset}-${offset + lease.unitCount * unitBytes - 1}`;
  const answer = await fetch(`${hub.url}/v1/blobs/${root}`, withTicket(device, { Range: range }));
  const inputs = new Uint8Array(await answer.arrayBuffer());
  slept = 3_600_000;
  const ticks = new Promise((resolve) => setTimeout(resolve, 1_500));
  await ticks;
  greeted.say(greeted.hello(challenge, 'contributor'));
  expect((await greeted.next()).type).toBe('welcome');
  expect((await deliver(device, lease, inputs)).units).toBe(lease.unitCount);
  const view = (await (await hub.call(`/v1/jobs/${job.id}`)).json()) as JobView;
  expect(view.accepted).toBe(lease.unitCount);
  for (const { socket } of [verifier, device, greeted]) socket.close();
});
