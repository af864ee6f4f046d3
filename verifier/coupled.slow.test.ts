import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import type { JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { ROWS_TIMES_MEAN, sampleModel } from '#protocol/onnx/sample-model.ts';

const ITEMS = 50;
const WIDTH = 4;
const rows = Array.from({ length: ITEMS }, (_, item) =>
  Array.from({ length: WIDTH }, (_, at) => Math.fround(Math.sin(3 * item + at))),
);

const { data, start } = openTestPrograms();

it('a job of real processes whose items change with their neighbours gives what each item gives alone', async () => {
  const folder = ['--data', join(data, 'verifier')];
  const printed = await start('verifier/main.ts', '--print-key', ...folder).ended;
  const words = ['--port', '0', '--data', join(data, 'hub'), '--verifier-key', printed.text.trim()];
  const { url = '', key = '' } = await start('hub/main.ts', ...words).ready;
  start('verifier/main.ts', '--hub', url, ...folder);
  start('worker/edge/node/main.ts', '--hub', url, '--data', data);

  const headers = { Authorization: `Bearer ${key}` };
  const form = new FormData();
  form.append('model', new Blob([sampleModel(ROWS_TIMES_MEAN)]), 'rows.onnx');
  const lines = rows.map((x) => JSON.stringify({ x })).join('\n');
  form.append('inputs', new Blob([lines]), 'rows.jsonl');
  form.append('options', JSON.stringify({ name: 'rows', unitItems: 8, autoStart: true }));
  const posted = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: form });
  let job = (await posted.json()) as JobView;
  expect(job).toMatchObject({ unitItems: 8, units: 7 });
  while (job.state !== 'done') {
    await sleep(250);
    job = (await (await fetch(`${url}/v1/jobs/${job.id}`, { headers })).json()) as JobView;
    if (job.state === 'refused') throw new Error(describeReason(job.reason));
  }
  expect(job).toMatchObject({ unitItems: 1, units: ITEMS, accepted: ITEMS, mismatched: 0 });
  expect(job.quote?.notes.map(({ code }) => code)).toContain('items-coupled');
  const results = await fetch(`${url}/v1/jobs/${job.id}/results?format=jsonl`, { headers });
  const found = (await results.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).y);
  expect(found).toHaveLength(ITEMS);
  for (const [item, row] of found.entries()) {
    const squares = (rows[item] ?? []).map((value) => Math.fround(value * value));
    expect(row).toEqual(squares.map((value) => expect.closeTo(value, 6)));
  }
}, 180_000);
