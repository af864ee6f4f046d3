import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import type { JobView } from '#protocol/api/job.ts';
import { fakeModel } from './edge/sockets/fake-job.ts';

const { data, start } = openTestPrograms();
const open = () =>
  start('hub/main.ts', '--no-verifier', '--port', '0', '--data', join(data, 'hub'));

it('a hub that was killed answers a repeated call as it did before', async () => {
  const first = open();
  const { url, key } = await first.ready;
  const post = (at = url) => {
    const form = new FormData();
    form.append('model', new Blob([fakeModel]), 'net.onnx');
    form.append('inputs', new Blob(['{"x":[1,2,3]}']), 'rows.jsonl');
    form.append('options', '{"name":"identity"}');
    const headers = { Authorization: `Bearer ${key}`, 'Idempotency-Key': 'once' };
    return fetch(`${at}/v1/jobs`, { method: 'POST', body: form, headers });
  };
  const posted = (await (await post()).json()) as JobView;
  first.child.kill('SIGKILL');
  await first.ended;
  const second = await open().ready;
  const answer = await post(second.url);
  expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
  expect(await answer.json()).toEqual(posted);
});
