import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import type { ReceiptPage, UnitFingerprint } from '#protocol/api/api.ts';
import type { JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { PackageManifest } from '#protocol/models/package.ts';

const ROOT = join(import.meta.dirname, '..');
const UNREVEALED = 3;
const { data, start } = openTestPrograms();

async function openHub(verifierKey: string, folder = 'hub') {
  const words = ['--port', '0', '--data', join(data, folder), '--verifier-key', verifierKey];
  const hub = start('hub/main.ts', ...words);
  const { url = '', hub: key = '', key: developer = '' } = await hub.ready;
  return { ...hub, url, key, developer };
}

async function runJob(url: string, developer: string): Promise<JobView> {
  const headers = { Authorization: `Bearer ${developer}` };
  const form = new FormData();
  const file = async (name: string) =>
    new Blob([await readFile(join(ROOT, 'public/sample', name))]);
  form.append('model', await file('digits.onnx'), 'digits.onnx');
  form.append('inputs', await file('digits.npy'), 'digits.npy');
  form.append(
    'options',
    JSON.stringify({ name: 'audited', unitItems: 16, taps: true, autoStart: true }),
  );
  const posted = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: form });
  let job = (await posted.json()) as JobView;
  while (job.state !== 'done') {
    await sleep(250);
    job = (await (await fetch(`${url}/v1/jobs/${job.id}`, { headers })).json()) as JobView;
    if (job.state === 'refused') throw new Error(describeReason(job.reason));
  }
  const receipts = await fetch(`${url}/v1/jobs/${job.id}/receipts`, { headers });
  await writeFile(join(data, 'receipts.json'), await receipts.text());
  return job;
}

/**
 * Its units were judged by their fingerprints as well, and its results hold nothing of its taps.
 */
async function checkInside(job: JobView, { url, developer }: { url: string; developer: string }) {
  const headers = { Authorization: `Bearer ${developer}` };
  const ask = (path: string) => fetch(`${url}/v1/jobs/${job.id}/${path}`, { headers });
  const { runtime } = (await (await ask('package')).json()) as PackageManifest;
  expect(runtime.taps.map(({ name }) => name)).toEqual(['tap0', 'tap1', 'tap2', 'tap3']);
  expect(runtime.outputs.map(({ name }) => name)).toEqual(['logits']);
  const [line = ''] = (await (await ask('results?format=jsonl&from=0&to=1')).text()).split('\n');
  expect(Object.keys(JSON.parse(line))).toEqual(['logits']);
  const { receipts } = JSON.parse(
    await readFile(join(data, 'receipts.json'), 'utf8'),
  ) as ReceiptPage;
  const verdicts = receipts.flatMap((receipt) => receipt.verdicts.map(({ verdict }) => verdict));
  expect(verdicts.length).toBeGreaterThan(20);
  for (const { kind, fingerprint } of verdicts) {
    expect(kind).toBe('match');
    expect(fingerprint).toMatchObject({ l2: [0, 0, 0, 0], claimed: fingerprint?.reference });
  }
  const [judged] = verdicts;
  const held = (await (await ask(`fingerprints/${judged?.unit}`)).json()) as UnitFingerprint;
  expect(held.fingerprint).toBe(judged?.fingerprint?.claimed);
  expect(Buffer.from(held.fingerprint, 'base64')).toHaveLength(256);
  expect((await ask('fingerprints/9999')).status).toBe(404);
}

const headFile = ({ key }: { key: string }) => join(data, `head-${key}.json`);

/** Audits an epoch, waiting for its seed to be revealed. */
async function audit(epoch: number, hub: { url: string; key: string }, log: string) {
  const words = ['--epoch', String(epoch), '--hub', hub.url, '--log', log];
  words.push('--head', headFile(hub));
  for (;;) {
    const run = await start('verifier/audit.ts', ...words).ended;
    if (run.code !== UNREVEALED) return run;
    expect(run.text).toContain('not revealed');
    await sleep(500);
  }
}

it('a job of real processes is audited green, and a log with a verdict left out is not', async () => {
  const folder = ['--data', join(data, 'verifier')];
  const printed = await start('verifier/main.ts', '--print-key', ...folder).ended;
  const hub = await openHub(printed.text.trim());
  const words = ['--hub', hub.url, ...folder, '--checks', 'trust:20,0.2'];
  const verifier = start('verifier/main.ts', ...words, '--epoch-minutes', '0.01');
  const { log = '' } = await verifier.ready;
  const device = start('worker/edge/node/main.ts', '--hub', hub.url, '--data', data);
  const job = await runJob(hub.url, hub.developer);
  expect(job.checked).toBeGreaterThan(20);
  await checkInside(job, hub);

  const green = await audit(1, hub, log);
  expect(green).toMatchObject({ code: 0, text: expect.stringContaining('Nothing is wrong.') });
  expect((await audit(99, hub, log)).text).toContain('opened no epoch 99');
  const receipts = join(data, 'receipts.json');
  const held = await start('cli/main.ts', 'verify', receipts, '--hub-key', hub.key).ended;
  expect(held).toMatchObject({ code: 0, text: expect.stringContaining('receipt 1: ok') });

  device.child.kill('SIGTERM');
  verifier.child.kill('SIGTERM');
  await verifier.ended;
  const [name = ''] = (await readdir(join(data, 'verifier', 'verifier'))).filter((each) =>
    hub.key.startsWith(each),
  );
  const lines = (await readFile(join(data, 'verifier', 'verifier', name, 'log.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n');
  // Not the first verdict of all: a later epoch's may be done before.
  const first = lines.findIndex((line) => JSON.parse(line).signed?.verdict?.epoch === 1);
  const short = join(data, 'short.jsonl');
  await writeFile(short, lines.filter((_, at) => at !== first).join('\n'));
  const red = await audit(1, hub, short);
  expect(red).toMatchObject({ code: 1, text: expect.stringContaining('has no verdict') });

  // The log outlives the hub: after kill -9 it continues the head of the audit before.
  hub.child.kill('SIGKILL');
  await hub.ended;
  const again = await openHub(printed.text.trim());
  expect(JSON.parse(await readFile(headFile(again), 'utf8')).head.size).toBeGreaterThan(0);
  const epochs = await (await fetch(`${again.url}/v1/log/epochs`)).json();
  expect(epochs.epochs[0]).toMatchObject({ number: 1, signed: { record: { type: 'opened' } } });
  const whole = join(data, 'whole.jsonl');
  await writeFile(whole, lines.join('\n'));
  expect(await audit(1, again, whole)).toMatchObject({ code: 0 });
}, 300_000);

interface Line {
  signed: { signature: string; record?: { epoch: number; type: string } };
}
const readLog = async (folder: string): Promise<Line[]> => {
  const [name = ''] = (await readdir(folder)).filter((each) => /^[0-9a-f]{16}$/.test(each));
  const text = await readFile(join(folder, name, 'log.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};

it('a verifier whose disk is lost has its log back from the hub, and judges nothing twice', async () => {
  const folder = join(data, 'loser');
  const printed = await start('verifier/main.ts', '--print-key', '--data', folder).ended;
  const hub = await openHub(printed.text.trim(), 'another-hub');
  const words = ['--hub', hub.url, '--data', folder, '--checks', 'trust:20,0.2'];
  const open = () => start('verifier/main.ts', ...words, '--epoch-minutes', '0.01');
  const told = async (): Promise<Line['signed'][]> => {
    const page = await (await fetch(`${hub.url}/v1/verdicts?limit=500`)).json();
    return page.verdicts.map(({ signed }: { signed: Line['signed'] }) => signed);
  };
  const first = open();
  await first.ready;
  const device = start('worker/edge/node/main.ts', '--hub', hub.url, '--data', data);
  const running = runJob(hub.url, hub.developer);
  while ((await told()).length < 5) await sleep(50);
  first.child.kill('SIGKILL');
  await first.ended;
  const own = join(folder, 'verifier');
  const before = await readLog(own);
  // The key lies elsewhere, and stays.
  await rm(own, { recursive: true });
  const second = open();
  const { log = '' } = await second.ready;
  await running;
  device.child.kill('SIGTERM');

  const epochs = await (await fetch(`${hub.url}/v1/log/epochs`)).json();
  const last = Math.max(
    ...epochs.epochs.map(({ signed }: { signed: Line['signed'] }) => signed.record?.epoch ?? 0),
  );
  const audited = await audit(last, hub, log);
  expect(audited).toMatchObject({ code: 0, text: expect.stringContaining('Nothing is wrong.') });
  second.child.kill('SIGTERM');
  await second.ended;
  const after = await readLog(own);
  const signatures = after.map(({ signed }) => signed.signature);
  expect(new Set(signatures).size).toBe(signatures.length);
  // All that the hub has of it stands in its log, and no unit has two verdicts.
  const verdicts = after.filter(({ signed }) => signed.record === undefined);
  expect(new Set(verdicts.map(({ signed }) => signed.signature))).toEqual(
    new Set((await told()).map(({ signature }) => signature)),
  );
  expect(after.some(({ signed }) => signed.record?.type === 'lost')).toBe(true);
  expect(before.length).toBeGreaterThan(1);
}, 300_000);
