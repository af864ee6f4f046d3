import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { JobPage } from '#protocol/api/api.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { NewKey } from '#protocol/api/keys.ts';
import { instant } from '#protocol/values/units.ts';
import { fakeModel } from '../sockets/fake-job.ts';
import { openMemoryStore } from '../store/store.ts';
import { openTestHub, refusalOf } from '../test-hub.ts';
import { answerJson, answerRefusal } from './answer.ts';
import { openRepeats } from './repeats.ts';
import type { ApiPorts, KeyCall } from './route.ts';

const hub = openTestHub(() => ({ needsVerifier: false }));

function formOf(row = 1): FormData {
  const form = new FormData();
  form.append('model', new Blob([fakeModel]), 'net.onnx');
  form.append('inputs', new Blob([JSON.stringify({ x: [row, 2, 3] })]), 'rows.jsonl');
  form.append('options', '{"name":"identity"}');
  return form;
}
const send = (key: string, body: BodyInit | null = formOf(), path = '/v1/jobs') =>
  hub.call(path, { method: 'POST', body, headers: { 'Idempotency-Key': key } });
const idOf = async (answer: Response) => ((await answer.json()) as JobView).id;
const jobs = async () => ((await (await hub.call('/v1/jobs')).json()) as JobPage).jobs;
const replayed = (answer: Response) => answer.headers.get('idempotent-replayed');

it('a job that is posted twice under one key is made once, also after a restart', async () => {
  const key = randomUUID();
  const first = await send(key);
  expect([first.status, replayed(first)]).toEqual([201, null]);
  const id = await idOf(first);
  const count = (await jobs()).length;
  const second = await send(`"${key}"`);
  expect([second.status, replayed(second), await idOf(second)]).toEqual([201, 'true', id]);
  await hub.close();
  await hub.open();
  const third = await send(key);
  expect([third.status, replayed(third), await idOf(third)]).toEqual([201, 'true', id]);
  expect(await jobs()).toHaveLength(count);
});

it('a key that was used for another body, or another call, is refused', async () => {
  const key = randomUUID();
  const id = await idOf(await send(key));
  const reused = { status: 422, code: 'idempotency-reused' };
  expect(await refusalOf(await send(key, formOf(2)))).toEqual(reused);
  expect(await refusalOf(await send(key, null, `/v1/jobs/${id}/cancel`))).toEqual(reused);
  expect(await idOf(await send(key))).toBe(id);
});

it('a call that moves a job is answered as before, although the job has moved', async () => {
  const id = await idOf(await send(randomUUID()));
  const key = randomUUID();
  const path = `/v1/jobs/${id}/cancel`;
  expect((await send(key, null, path)).status).toBe(200);
  expect((await send(randomUUID(), null, path)).status).toBe(409);
  expect((await send(key, null, path)).status).toBe(200);
  // A body that nobody reads counts all the same.
  expect((await send(key, '{}', path)).status).toBe(422);
});

it('a refusal frees its key', async () => {
  const key = randomUUID();
  expect((await send(key, '{}')).status).toBe(400);
  expect((await send(key)).status).toBe(201);
});

it('keys are told apart by who calls, and have a shape', async () => {
  const key = randomUUID();
  const id = await idOf(await send(key));
  const init = { method: 'POST', body: '{"name":"other"}' };
  const other = (await (await hub.call('/v1/keys', init)).json()) as NewKey;
  const headers = { Authorization: `Bearer ${other.key}`, 'Idempotency-Key': key };
  const posted = await hub.call('/v1/jobs', { method: 'POST', body: formOf(), headers });
  expect([posted.status, replayed(posted)]).toEqual([201, null]);
  expect(await idOf(posted)).not.toBe(id);
  for (const wrong of ['', '"', 'a b', 'x'.repeat(256)]) {
    expect(await refusalOf(await send(wrong)), wrong).toEqual({
      ...{ status: 400, code: 'request-invalid' },
    });
  }
});

it('a second call waits while the first one is in work', async () => {
  const key = randomUUID();
  const answers = await Promise.all([send(key), send(key)]);
  const late = answers.find(({ status }) => status === 409);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(late?.headers.get('retry-after')).toBe('5');
  expect(late && (await refusalOf(late)).code).toBe('idempotency-in-work');
});

/** Repeats over a store of their own, as after a restart where they are opened again. */
async function openWorld() {
  const store = await openMemoryStore();
  const ports = { store, clock: () => instant(5), uploads: { silenceMs: 1_000 } };
  const open = () => openRepeats(ports as unknown as ApiPorts);
  const call = {
    request: new Request('http://hub/v1/x', {
      method: 'POST',
      headers: { 'Idempotency-Key': 'one' },
    }),
    key: { id: 'dev_0000000000000001' },
  } as unknown as KeyCall;
  return { store, open, call };
}

it('what the hub did not finish is done again with the same ids', async () => {
  const { store, open, call } = await openWorld();
  const ids: string[] = [];
  const never = new Promise<Response>(() => undefined);
  void open()(call, (own) => {
    ids.push(own.newId(8));
    return never;
  });
  await expect.poll(() => ids.length).toBe(1);
  const answer = await open()(call, async (own) => {
    ids.push(own.newId(8));
    return answerJson({ id: own.newId(8) }, 201);
  });
  expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
  expect(ids[1]).toBe(ids[0]);
  expect(await answer.json()).toEqual({ id: ids[0] });
  await store.close();
});

it('an answer too long to keep is not given again, and its work is not done again', async () => {
  const { store, open, call } = await openWorld();
  const long = async () => answerJson('x'.repeat(17 * 1024 ** 2));
  expect((await open()(call, long)).status).toBe(200);
  const again = await open()(call, () => expect.unreachable());
  expect(await refusalOf(again)).toEqual({ status: 410, code: 'idempotency-gone' });
  await store.close();
});

it('a refused call leaves nothing in the store', async () => {
  const { store, open, call } = await openWorld();
  await open()(call, async () => answerRefusal({ code: 'busy', message: 'later' }));
  const name = { owner: call.key.id, name: 'one' };
  expect(await store.answers.find(name, instant(0))).toBeUndefined();
  await store.close();
});
