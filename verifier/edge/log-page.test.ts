import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import type { VerdictKind } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Digest, JobId, LeaseId, PublicKey, Signature } from '#protocol/values/ids.ts';
import type { LogLine } from '../core/state/events.ts';
import { type LogPage, openLogPage } from './log-page.ts';
import { openTally, tallyLine } from './tally.ts';

const key = 'ab'.repeat(32);
const verdictOf = (unit: number, kind: VerdictKind): LogLine => {
  const job = 'job_0123456789abcdef' as JobId;
  const lease = 'a'.repeat(32) as LeaseId;
  const shard = {
    job,
    lease,
    device: key as PublicKey,
    firstUnit: 0,
    workBefore: 0,
    unitCost: 100,
  };
  const about = { verifier: key as PublicKey, shard, unit, claimed: key as Digest };
  const verdict = sampleVerdict(about, { kind, l2: 0.5, max: 1, runs: kind === 'match' ? 1 : 2 });
  const signature = 'a'.repeat(128) as Signature;
  return { type: 'verdict', sequence: unit, signed: { verdict, signature } };
};

const tally = openTally();
for (let unit = 0; unit < 60; unit += 1) tallyLine(tally, verdictOf(unit, 'match'));
tallyLine(tally, verdictOf(60, 'mismatch'));
const reason = 'the hub said <script>alert(1)</script>';
let page: LogPage;
const folder = openTestFolder();
const source = {
  view: () => ({
    key,
    hub: 'http://127.0.0.1:1',
    phase: 'waiting',
    reason,
    policy: CHECK_POLICY_DEFAULT,
    judged: 60,
    waiting: 0,
    tally,
    cost: { units: 1_000, executions: 65, executeMs: 1_300, lastSequence: 60 },
    standings: [
      { device: key as PublicKey, work: 1_900_000 },
      { device: 'ef'.repeat(32) as PublicKey, work: 224_900_000 },
    ],
  }),
  logFile: () => join(folder, 'log.jsonl'),
};
beforeAll(async () => {
  await writeFile(join(folder, 'log.jsonl'), '{"a":1}\n');
  page = await openLogPage(0, source);
});
afterAll(async () => {
  await page.close();
});
const get = async (path: string) => {
  const response = await fetch(new URL(path, page.url));
  return { status: response.status, body: await response.text() };
};

/** The status that a request line is answered with, written to the socket as it stands. */
function statusOf(line: string): Promise<number> {
  const { hostname, port } = new URL(page.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (said.includes('\r\n')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d{3})/.exec(said)?.[1])));
    socket.write(`${line} HTTP/1.1\r\nHost: page\r\n\r\n`, 'latin1');
  });
}

const MALFORMED_TARGETS = [
  ...['//', '///', '//[', '//:0/', 'http://[', 'http://', '%', '/%', '/%zz', '\\', '/\\', '*'],
  ...['hub:1', '://', '/..', '/../..', 'a b', '/\x01', '/\u00ff', '//health', '//log.jsonl'],
  ...[`/${'a'.repeat(12_000)}`, `/${'a'.repeat(40_000)}`, `//${'/'.repeat(9_000)}`],
];

describe('the log page', () => {
  it.each(MALFORMED_TARGETS)(
    'answers the request target %j with a 4xx and lives on',
    async (target) => {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const status = await statusOf(`${method} ${target}`);
        expect([400, 404, 405, 414, 431], method).toContain(status);
      }
      expect((await get('/health')).status).toBe(200);
    },
  );

  it('answers any request target and lives on', async () => {
    const part = fc.oneof(
      fc.constantFrom('/', '//', '?', '#', '%', '[', ']', '@', ':', 'http:', '%2e', '/health'),
      fc.string({ maxLength: 12 }),
    );
    const target = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
    for (const each of fc.sample(target, { seed: 10, numRuns: 300 })) {
      expect([200, 400, 404], each).toContain(await statusOf(`GET ${each}`));
    }
    expect((await get('/health')).status).toBe(200);
  });

  it('counts all and lists the newest, the caught first', async () => {
    expect(tally.counts.match).toBe(60);
    expect(tally.latest).toHaveLength(50);
    expect(tally.caught).toHaveLength(1);
    const { body } = await get('/');
    expect(body).toContain('<h2>Caught</h2>');
    expect(body).toContain('<b>61</b><span>Units checked</span>');
    expect(body).toContain('the first 75 units of a device');
  });

  it('says what it catches, what it costs and whom it checks how often, with the reason', async () => {
    const { body } = await get('/');
    expect(body).toContain('1.6 %: 1 confirmed mismatch in 61 checked units, by 1 of 1 device');
    expect(body).toContain('Of 1 unit flagged by a first run, a fresh run overturned 0');
    expect(body).toContain('6.5 % of 1,000 accepted units: 65 re-executions in 1.3 s, 20 ms each');
    expect(body).toContain(
      'every unit</td><td data-head="Because">1.9 s of work since its last failure',
    );
    expect(body).toContain(
      '1 unit in 30</td><td data-head="Because">225 s of work since its first',
    );
  });

  it('counts a flag that a fresh run did not confirm as overturned', () => {
    const other = openTally();
    tallyLine(other, verdictOf(0, 'inconclusive'));
    tallyLine(other, verdictOf(1, 'mismatch'));
    tallyLine(other, verdictOf(2, 'match'));
    expect(other).toMatchObject({ flagged: 2, overturned: 1 });
    expect([...other.devices.values()]).toEqual([{ checked: 3, failures: 1 }]);
  });

  it('escapes what a hub may have said', async () => {
    const { body } = await get('/');
    expect(body).not.toContain('<script');
    expect(body).toContain('&lt;script&gt;');
  });

  it('serves the log and its health, and nothing else', async () => {
    expect(await get('/log.jsonl')).toEqual({ status: 200, body: '{"a":1}\n' });
    const health = await get('/health');
    expect(JSON.parse(health.body)).toMatchObject({ status: 'ok', verdicts: { mismatch: 1 } });
    expect((await get('/../keys/verifier.json')).status).toBe(404);
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(page.url).port);
    await expect(openLogPage(port, source)).rejects.toMatchObject({
      refusal: { message: expect.stringContaining('--log-port') },
    });
  });
});
