import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { cancelJob } from '#client/jobs.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { NewWebhook } from '#protocol/api/webhooks.ts';
import { must } from '#protocol/values/refusal.ts';
import { postFakeJob } from '../../sockets/fake-job.ts';
import { type FakeReceiver, openFakeReceiver } from './fake-receiver.ts';

const programs = openTestPrograms();
const data = join(programs.data, 'hub');
let receiver: FakeReceiver;
beforeAll(async () => {
  receiver = await openFakeReceiver();
});
afterAll(() => receiver.close());

async function start() {
  const words = ['hub/main.ts', '--data', data, '--port', '0', '--private-webhooks'];
  const program = programs.start(...words);
  const { url = '', key } = await program.ready;
  const kill = async () => {
    program.child.kill('SIGKILL');
    await program.ended;
  };
  return { url, key, kill };
}

it('what happened before kill -9, and what was on its way, is delivered after it', async () => {
  const first = await start();
  const key = first.key ?? '';
  const made = await fetch(`${first.url}/v1/webhooks`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}` },
    body: JSON.stringify({ url: receiver.url, events: ['job.cancelled'] }),
  });
  const { secret } = (await made.json()) as NewWebhook;
  const cancelOne = async () => {
    const answer = await postFakeJob({ url: first.url, key }, { units: 1 });
    const { id } = (await answer.json()) as JobView;
    must(await cancelJob(openClient({ hub: first.url, key }), id));
    return id;
  };
  receiver.answer = 'nothing';
  const taken = await cancelOne();
  await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(1);
  const untold = await cancelOne();
  await first.kill();
  receiver.answer = { status: 200 };
  await start();
  await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(3);
  const told = receiver.received.map(({ body, headers }) => {
    const { data } = new Webhook(secret).verify(body, headers) as { data: { id: string } };
    return [data.id, headers['webhook-id']] as const;
  });
  const [before, ...after] = told;
  expect(after.map(([id]) => id).sort()).toEqual([taken, untold].sort());
  // Whoever had it before the kill knows it by its id.
  expect(after).toContainEqual(before);
});
