import { join } from 'node:path';
import OpenAI from 'openai';
import { beforeAll, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { listJobs, postJob, readJob } from '#client/jobs.ts';
import { addModel } from '#client/models.ts';
import { readReceipts } from '#client/receipts.ts';
import { downloadResults } from '#client/results.ts';
import { readVerdicts } from '#client/verdicts.ts';
import { openTestGrid, openTestPrograms, type TestProgram } from '#node/test-programs.ts';
import { must } from '#protocol/values/refusal.ts';
import { buildRepository } from './repository.ts';

const MODEL = 'made/writer';
const MESSAGES = [{ role: 'user', content: 'What is gravity?' }] as const;
const ASKED = { model: MODEL, messages: [...MESSAGES], seed: 7, max_tokens: 60 };
const ENDED = { timeout: 120_000, interval: 200 };

const programs = openTestPrograms();
const devices: TestProgram[] = [];
let openai: OpenAI;
let hub: HubClient;
let url = '';
let contribute: (name: string) => TestProgram;

/** A hub with a model that writes, a verifier and two contributors, each a process of its own. */
beforeAll(async () => {
  const grid = await openTestGrid(programs);
  contribute = grid.contribute;
  url = grid.url;
  devices.push(...['one', 'two'].map(contribute));
  hub = openClient({ hub: grid.url, key: grid.key });
  const files = [...buildRepository('text-generation')];
  const named = files.map(([name, bytes]) => ({ name, data: new Blob([bytes]) }));
  must(await addModel(hub, { files: named, options: { name: MODEL } }));
  openai = new OpenAI({ baseURL: `${grid.url}/v1`, apiKey: grid.key, maxRetries: 0 });
}, 280_000);

/** The same text as it is streamed. */
async function stream(more: object = {}, signal?: AbortSignal) {
  const parts: string[] = [];
  const all: OpenAI.ChatCompletionChunk[] = [];
  const request = { ...ASKED, ...more, stream: true as const };
  const options = signal === undefined ? {} : { signal };
  for await (const chunk of await openai.chat.completions.create(request, options)) {
    all.push(chunk);
    parts.push(chunk.choices[0]?.delta.content ?? '');
  }
  return { text: parts.join(''), parts: parts.filter((part) => part !== ''), all };
}

it('a client of OpenAI gets the next turn of a conversation, and the same one for the same seed', async () => {
  const found = await openai.chat.completions.create(ASKED);
  const [choice] = found.choices;
  expect(found).toMatchObject({ object: 'chat.completion', model: MODEL });
  expect(choice?.message).toMatchObject({ role: 'assistant', refusal: null });
  expect(choice?.message.content).not.toBe('');
  expect(found.usage?.total_tokens).toBe(
    (found.usage?.prompt_tokens ?? 0) + (found.usage?.completion_tokens ?? 0),
  );
  const again = await openai.chat.completions.create(ASKED);
  expect(again.choices).toEqual(found.choices);
  expect(again.system_fingerprint).toBe(found.system_fingerprint);
  const other = await openai.chat.completions.create({ ...ASKED, seed: 8 });
  expect(other.choices[0]?.message.content).not.toBe(choice?.message.content);
}, 280_000);

it('a text that is streamed in slices is that of one slice', async () => {
  const whole = await openai.chat.completions.create(ASKED);
  const streamed = await stream({ stream_options: { include_usage: true } });
  expect(streamed.text).toBe(whole.choices[0]?.message.content);
  if ((whole.usage?.completion_tokens ?? 0) > 16) expect(streamed.parts.length).toBeGreaterThan(1);
  expect(streamed.all.at(-1)?.usage).toEqual(whole.usage);
  const finish = streamed.all.flatMap(({ choices }) => choices[0]?.finish_reason ?? []);
  expect(finish).toEqual([whole.choices[0]?.finish_reason]);
}, 280_000);

it('several texts, probabilities and stop texts come as they are asked for', async () => {
  const asked = { ...ASKED, n: 3, logprobs: true, top_logprobs: 2, max_tokens: 8 };
  const { choices } = await openai.chat.completions.create(asked);
  expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  for (const { logprobs } of choices) {
    for (const { logprob, top_logprobs: tops } of logprobs?.content ?? []) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(tops).toHaveLength(2);
      expect(tops[0]?.logprob).toBeGreaterThanOrEqual(tops[1]?.logprob ?? 0);
    }
  }
  const text = await openai.completions.create({
    model: MODEL,
    prompt: 'a b',
    seed: 3,
    max_tokens: 40,
  });
  const whole = text.choices[0]?.text ?? '';
  const stop = whole.slice(5, 7);
  const stopped = await openai.completions.create({
    ...{ model: MODEL, prompt: 'a b', seed: 3, max_tokens: 40, stop },
  });
  expect(stopped.choices[0]).toMatchObject({
    text: whole.slice(0, whole.indexOf(stop)),
    finish_reason: 'stop',
  });
}, 280_000);

it('a stream goes on with the same text when the devices that write it are killed', async () => {
  let asked = { ...ASKED, max_tokens: 150 };
  let whole = await openai.chat.completions.create(asked);
  while ((whole.usage?.completion_tokens ?? 0) < 100) {
    asked = { ...asked, seed: asked.seed + 1 };
    whole = await openai.chat.completions.create(asked);
  }
  const parts: string[] = [];
  const chunks = await openai.chat.completions.create({ ...asked, stream: true });
  for await (const { choices } of chunks) {
    const part = choices[0]?.delta.content ?? '';
    if (part !== '' && parts.length === 0) {
      for (const { child } of devices.splice(0)) child.kill('SIGKILL');
      devices.push(contribute('three'));
    }
    if (part !== '') parts.push(part);
  }
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.join('')).toBe(whole.choices[0]?.message.content);
}, 280_000);

it('slices of texts are items of one open job, and each has a receipt', async () => {
  const { jobs } = must(await listJobs(hub));
  expect(jobs).toHaveLength(1);
  const [job] = jobs;
  if (job === undefined) throw new Error('there is no job');
  expect(job).toMatchObject({ state: 'running', task: 'text-generation' });
  await expect
    .poll(async () => must(await readReceipts(hub, job.id)).length, ENDED)
    .toBeGreaterThan(5);
}, 280_000);

it('a job of prompts has a text for each line', async () => {
  const prompts = [
    'What is gravity?',
    { messages: MESSAGES, seed: 7, newTokens: 60 },
    { prompt: 'a b', temperature: 0 },
  ];
  const lines = prompts.map((each) => JSON.stringify(each)).join('\n');
  const task = { name: 'text-generation', newTokens: 20 } as const;
  const options = { name: 'prompts', task, model: MODEL, autoStart: true };
  const inputs = [{ name: 'prompts.jsonl', data: new Blob([lines]) }];
  const { id } = must(await postJob(hub, { inputs, options }));
  await expect.poll(async () => must(await readJob(hub, id)).state, ENDED).toBe('done');
  const file = must(await downloadResults(hub, { job: id, range: { format: 'jsonl' } }));
  const answers = (await file.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(answers).toHaveLength(3);
  const chat = await openai.chat.completions.create(ASKED);
  expect(answers[1].text).toBe(chat.choices[0]?.message.content);
  expect(answers[0].tokens).toBeLessThanOrEqual(20);
}, 280_000);

it('each device that lies about texts is caught, and no other', async () => {
  for (const { child } of devices.splice(0)) child.kill();
  const prompts = Array.from({ length: 12 }, (_, at) => `line ${at}`).join('\n');
  const task = { name: 'text-generation', newTokens: 30 } as const;
  const options = { name: 'lies', task, model: MODEL, autoStart: true };
  const inputs = [{ name: 'prompts.txt', data: new Blob([prompts]) }];
  const { id } = must(await postJob(hub, { inputs, options }));
  const caught = async () =>
    must(await readVerdicts(hub)).flatMap(({ verdict }) =>
      verdict.kind === 'mismatch' ? [verdict.device] : [],
    );
  const liars: string[] = [];
  for (const kind of ['ulp', 'stale', 'zeros']) {
    const own = ['--data', join(programs.data, kind), '--cheat', '1', '--cheat-kind', kind];
    const liar = programs.start('worker/edge/node/main.ts', '--hub', url, ...own);
    const device = String((await liar.ready).key);
    liars.push(device);
    await expect.poll(caught, ENDED).toContain(device);
    liar.child.kill();
  }
  devices.push(contribute('honest'));
  await expect.poll(async () => must(await readJob(hub, id)).state, ENDED).toBe('done');
  expect([...new Set(await caught())].sort()).toEqual(liars.sort());
}, 280_000);

it.each([
  [
    'a conversation that is longer than the model takes',
    { messages: [{ role: 'user', content: 'x'.repeat(400) }] },
    /400|takes/,
  ],
  ['a role that is unknown', { messages: [{ role: 'pirate', content: 'a' }] }, /role|expected/],
  ['too many texts', { n: 100 }, /n/],
  ['a temperature past 2', { temperature: 3 }, /temperature/],
  ['a model that is unknown', { model: 'made/nothing' }, /model/],
  ['a penalty', { frequency_penalty: 1 }, /not supported/],
])(
  '%s is refused',
  async (_, change, words) => {
    const asked = { ...ASKED, ...change } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    await expect(openai.chat.completions.create(asked)).rejects.toThrow(words);
  },
  120_000,
);
