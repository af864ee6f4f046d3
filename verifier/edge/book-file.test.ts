import {
  appendFile,
  type FileHandle,
  mkdtemp,
  open as openFile,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SignedEpochOf } from '#protocol/records/epoch.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import { emptyDisk } from '../core/fake-disk.ts';
import type { Epoch, LogLine } from '../core/state/events.ts';
import { countName } from '../core/trust/deviations.ts';
import { openBookFile } from './book-file.ts';

const HUB = 'aa'.repeat(32) as PublicKey;
const digest = '0'.repeat(64) as Digest;
const policy = { type: 'flat', rate: 0.05 } as const;
const signature = 'a'.repeat(128) as Signature;
const openedRecord = (epoch: number): SignedEpochOf<'opened'> => ({
  record: {
    type: 'opened',
    verifier: HUB,
    epoch,
    commitment: digest,
    from: epoch * 10,
    reviewFrom: epoch * 100 + 1,
    policy,
    at: instant(5),
  },
  signature,
});
const revealedRecord = (epoch: number): SignedEpochOf<'revealed'> => ({
  record: {
    type: 'revealed',
    verifier: HUB,
    epoch,
    seed: `${epoch}`.repeat(64) as Nonce,
    through: epoch * 10 + 9,
    reviewThrough: epoch * 100 + 100,
    at: instant(6),
  },
  signature,
});
const epochOf = (number: number): Epoch => ({
  number,
  seed: `${number}`.repeat(64) as Nonce,
  from: number * 10,
  reviewFrom: number * 100 + 1,
  policy,
  opened: openedRecord(number),
});
const closedEpoch = (number: number): Epoch => ({
  ...epochOf(number),
  through: number * 10 + 9,
  reviewThrough: number * 100 + 100,
  revealed: revealedRecord(number),
});
const opened = (epoch: number): LogLine => ({ type: 'epoch', signed: openedRecord(epoch) });
const revealed = (epoch: number): LogLine => ({ type: 'epoch', signed: revealedRecord(epoch) });
const shard = {
  job: 'job_0123456789abcdef' as JobId,
  lease: 'a'.repeat(32) as LeaseId,
  device: HUB,
  firstUnit: 1,
  workBefore: 0,
  unitCost: 1_000,
};
const verdict = sampleVerdict({ verifier: HUB, shard, unit: 1, claimed: digest });
const verdictOf = (sequence: number): LogLine => ({
  type: 'verdict',
  sequence,
  signed: { verdict, signature },
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-book-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = async () => {
  const lines: LogLine[] = [];
  const book = await openBookFile(folder, HUB, (line) => lines.push(line));
  return { book, lines };
};

describe('the book of a hub', () => {
  it('starts empty', async () => {
    const { book } = await open();
    expect(book.saved).toEqual(emptyDisk(HUB));
    await book.close();
  });

  it('comes back as it was written, many writes at once', async () => {
    const first = await open();
    const writes = [
      first.book.write({ epochs: [epochOf(1)], lines: [opened(1)] }),
      ...[10, 11, 12].map((sequence) => first.book.write({ lines: [verdictOf(sequence)] })),
      first.book.write({ lines: [], marks: { judged: 12, settled: 11, reviewed: 0 } }),
    ];
    expect(await Promise.all(writes)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    await first.book.close();
    const second = await open();
    expect(second.lines).toEqual(first.lines);
    expect(second.book.saved).toMatchObject({
      judged: 12,
      settled: 11,
      lastEpoch: 1,
      epochs: [epochOf(1)],
    });
    expect(second.book.saved.verdicts.map(({ sequence }) => sequence)).toEqual([12]);
    await second.book.close();
  });

  it('a reopened book has the checks of all verdicts, settled ones too', async () => {
    const first = await open();
    const line = verdictOf(3);
    if (line.type !== 'verdict') throw new Error('a verdict was due');
    const { verdict, signature } = line.signed;
    const check = { package: digest, provider: 'webgpu' as const, number: 7 };
    const signed = { signature, verdict: { ...verdict, check, reason: 'deviates' as const } };
    await first.book.write({
      lines: [{ ...line, signed }],
      marks: { judged: 9, settled: 9, reviewed: 0 },
    });
    await first.book.close();
    const { book } = await open();
    expect(book.saved).toMatchObject({ verdicts: [] });
    const name = countName({ ...check, device: verdict.device });
    expect([...book.saved.counts]).toEqual([[name, { last: 7, deviating: [7] }]]);
    await book.close();
  });

  it('keeps seeds where only its owner reads them, until the hub has them', async () => {
    const { book } = await open();
    await book.write({ epochs: [epochOf(1)], lines: [opened(1)] });
    const seeds = join(folder, 'seeds.json');
    expect((await stat(seeds)).mode & 0o777).toBe(0o600);
    await book.write({ epochs: [closedEpoch(1)], lines: [revealed(1)] });
    await book.close();
    const again = await open();
    expect(again.book.saved).toMatchObject({ lastEpoch: 1, epochs: [closedEpoch(1)] });
    await again.book.write({ epochs: [], lines: [] });
    expect(await readFile(seeds, 'utf8')).toBe('[]');
    await again.book.close();
    const last = await open();
    expect(last.book.saved).toMatchObject({ lastEpoch: 1, epochs: [] });
    await last.book.close();
  });

  it('drops a seed whose commitment a crash kept out of the log: its number is free', async () => {
    const first = await open();
    await first.book.write({ epochs: [epochOf(1)], lines: [opened(1)] });
    await first.book.close();
    await writeFile(join(folder, 'seeds.json'), JSON.stringify([epochOf(1), epochOf(2)]));
    const again = await open();
    expect(again.book.saved).toMatchObject({ lastEpoch: 1, epochs: [epochOf(1)] });
    await again.book.close();
  });

  it('forgets a reveal that a crash kept out of the log: nobody has heard of it', async () => {
    const first = await open();
    await first.book.write({ epochs: [epochOf(1)], lines: [opened(1)] });
    await first.book.close();
    await writeFile(join(folder, 'seeds.json'), JSON.stringify([closedEpoch(1)]));
    const again = await open();
    const { revealed: _revealed, ...closed } = closedEpoch(1);
    expect(again.book.saved.epochs).toEqual([closed]);
    await again.book.close();
  });

  it('cuts away a last line that a crash cut off, and goes on after it', async () => {
    const first = await open();
    await first.book.write({ lines: [verdictOf(1)] });
    await first.book.close();
    await appendFile(first.book.logFile, '{"type":"verd');
    const second = await open();
    expect(second.lines).toHaveLength(1);
    await second.book.write({ lines: [verdictOf(2)] });
    await second.book.close();
    expect((await open()).lines).toHaveLength(2);
  });

  it('writes nothing behind half a line that the disk does not let it cut away', async () => {
    const { book } = await open();
    await book.write({ lines: [verdictOf(1)] });
    const handle = await openFile(book.logFile, 'r');
    const files = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const broken = new Error('EIO');
    const sync = vi.spyOn(files, 'datasync').mockRejectedValueOnce(broken);
    const cut = vi.spyOn(files, 'truncate').mockRejectedValue(broken);
    expect(await book.write({ lines: [verdictOf(2)] })).toMatchObject({ code: 'storage-failed' });
    expect(await book.write({ lines: [verdictOf(3)] })).toMatchObject({ code: 'storage-failed' });
    cut.mockRestore();
    sync.mockRestore();
    expect(await book.write({ lines: [verdictOf(4)] })).toBeUndefined();
    await book.close();
    const { lines, book: again } = await open();
    expect(lines).toEqual([verdictOf(1), verdictOf(4)]);
    await again.close();
  });

  it('refuses a damaged line in the middle: it says where', async () => {
    const first = await open();
    await first.book.write({ lines: [verdictOf(1)] });
    await first.book.close();
    await appendFile(first.book.logFile, '{"type":"nonsense"}\n');
    await expect(open()).rejects.toMatchObject({ refusal: { code: 'storage-failed' } });
  });
});
