import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Digest, JobId, LeaseId, PublicKey, Signature } from '#protocol/ids.ts';
import type { ComputeReply } from '#protocol/messages/compute.ts';
import type { SignedVerdict, Verdict } from '#protocol/records.ts';
import { signingBytes } from '#protocol/signature.ts';
import { instant, millis } from '#protocol/units.ts';
import type { OpenComputePort } from '../ports.ts';
import { type Diary, describeErrors, forceErrors, judgeVerdicts, openDiary } from './auditor.ts';

const UNIT = 8;
const UNITS = 4;
const AUDITOR = '0a'.repeat(32) as PublicKey;
const digestOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

let folder: string;
let diary: Diary;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-auditor-'));
  diary = openDiary(join(folder, 'diary.jsonl'));
});
afterEach(async () => {
  diary.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs one shard through an auditor that falsifies each unit whose chance comes up under 1 ÷ every. */
function run(chances: number[], onReply: (reply: ComputeReply) => void = () => undefined) {
  const bytes = Uint8Array.from({ length: UNITS * UNIT }, (_, at) => at + 1);
  const truth = bytes.slice();
  const digests = new Uint8Array(UNITS * 32);
  const ran = { type: 'ran', run: 1, bytes, digests, outputs: [], computeMs: millis(1) } as const;
  const openPort: OpenComputePort = (_, on) => ({
    post: () => on.reply(ran),
    terminate: () => undefined,
  });
  const random = () => chances.shift() ?? 0.99;
  const port = forceErrors({ every: 2, diary, random }, openPort)('wasm', {
    reply: onReply,
    broken: () => undefined,
  });
  port.post({ type: 'run', run: 1, unitCount: UNITS, inputs: new Uint8Array() }, []);
  return { bytes, truth, digests };
}

describe('an auditor', () => {
  it('falsifies what chance picks, and commits to that', () => {
    const { bytes, truth, digests } = run([0.9, 0.1, 0.9, 0.9]);
    const wrong = bytes.subarray(UNIT, 2 * UNIT);
    expect(bytes[UNIT]).toBe((truth[UNIT] ?? 0) ^ 0xff);
    expect(Buffer.from(digests.subarray(32, 64)).toString('hex')).toBe(digestOf(wrong));
    expect(bytes.subarray(2 * UNIT)).toEqual(truth.subarray(2 * UNIT));
    expect(diary.has(digestOf(wrong))).toBe(true);
    expect(diary.count).toBe(1);
  });

  it('has it on disk before the device can commit to it', async () => {
    let seen = '';
    const file = join(folder, 'diary.jsonl');
    run([0.1], () => {
      seen = readFileSync(file, 'utf8');
    });
    expect(seen.split('\n').filter(Boolean)).toHaveLength(1);
    diary.close();
    diary = openDiary(file);
    expect(diary.count).toBe(1);
    expect(await readFile(file, 'utf8')).toBe(seen);
  });
});

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const VERIFIER = publicKey
  .export({ type: 'spki', format: 'der' })
  .subarray(-32)
  .toString('hex') as PublicKey;

function verdict(claimed: string, kind: Verdict['kind'], device = AUDITOR): SignedVerdict {
  const record: Verdict = {
    verifier: VERIFIER,
    job: 'job_0123456789abcdef' as JobId,
    unit: 3,
    lease: '00'.repeat(16) as LeaseId,
    device,
    kind,
    lane: 'exact',
    claimed: claimed as Digest,
    reference: (kind === 'match' ? claimed : 'ff'.repeat(32)) as Digest,
    l2: 0,
    max: 0,
    runs: 1,
    epoch: 1,
    n: 1,
    at: instant(1),
  };
  const signature = sign(null, signingBytes('verdict', record), privateKey).toString('hex');
  return { verdict: record, signature: signature as Signature };
}

describe('its report', () => {
  const known = 'ab'.repeat(32);
  const held = { has: (claimed: string) => claimed === known, count: 1 };

  it('names a verifier that passed a unit known to be wrong', () => {
    const report = judgeVerdicts(AUDITOR, held, [verdict(known, 'match')]);
    expect(report.passed).toEqual([{ verifier: VERIFIER, job: 'job_0123456789abcdef', unit: 3 }]);
    expect(describeErrors(report).join('\n')).toContain(VERIFIER);
  });

  it('counts what was caught, and accuses nobody of other verdicts', () => {
    const verdicts = [
      verdict(known, 'mismatch'),
      verdict('cd'.repeat(32), 'match'),
      verdict(known, 'match', '0b'.repeat(32) as PublicKey),
      verdict(known, 'inconclusive'),
    ];
    const report = judgeVerdicts(AUDITOR, held, verdicts);
    expect(report).toEqual({ forced: 1, caught: 1, passed: [] });
  });

  it('accuses nobody on a signature that does not hold', () => {
    const forged = { ...verdict(known, 'match'), signature: '00'.repeat(64) as Signature };
    expect(judgeVerdicts(AUDITOR, held, [forged]).passed).toEqual([]);
  });
});
