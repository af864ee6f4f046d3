import { describe, expect, it } from 'vitest';
import type { SignedVerdict, Verdict } from '#protocol/records/records.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import { isReviewDrawn } from '../draws/draw.ts';
import type { LogLine } from '../state/events.ts';
import { auditEpoch } from './audit.ts';
import type { Evidence } from './evidence.ts';
import {
  changeRecords,
  codesOf,
  faultsOf,
  honest,
  isRecord,
  published,
  verdictLines,
} from './sample-changes.ts';
import {
  otherDigest,
  STRANGER,
  sampleEvidence,
  seedOf,
  signEpoch,
  VERIFIER,
  verifySample as verify,
  WRONG_INSIDE,
} from './sample-evidence.ts';

describe('auditEpoch', () => {
  it.each([1, 2])(
    'finds nothing wrong with an honest epoch %i, and says what it checked',
    (epoch) => {
      const report = auditEpoch(sampleEvidence(epoch), verify);
      expect(report).toMatchObject({ state: 'audited', faults: [] });
      const checked = report.state === 'audited' ? report.checked.join('\n') : '';
      expect(checked).toContain('40 units in 4 shards (0 of them void)');
      expect(checked).toContain('the log of 8 entries');
    },
  );

  it('the sample draws some units and leaves some, so that the tests below can fail', () => {
    expect(verdictLines.length).toBeGreaterThan(8);
    expect(verdictLines.length).toBeLessThan(40);
  });

  it('leaves the verdicts of other verifiers alone', () => {
    const [own] = honest.verdicts;
    if (own === undefined) throw new Error('no verdict');
    const verdict = { ...own.verdict, verifier: STRANGER.key, unit: 3, epoch: 2 };
    const other = { verdict, signature: STRANGER.sign('verdict', verdict) };
    expect(faultsOf({ ...honest, verdicts: [...honest.verdicts, other] })).toEqual([]);
  });

  it('says so where the verifier has lost the seed', () => {
    const at = instant(9);
    const lost = { type: 'lost', verifier: VERIFIER.key, epoch: 2, at } as const;
    const lines: LogLine[] = [{ type: 'epoch', signed: signEpoch(lost) }];
    expect(codesOf({ ...honest, lines })).toEqual(['lost']);
  });

  it('tells plainly of an epoch whose seed is secret, or that never was', () => {
    const open = honest.lines.filter((line) => !isRecord(line, 'revealed'));
    const unrevealed = auditEpoch({ ...honest, lines: open }, verify);
    expect(unrevealed).toMatchObject({
      state: 'unrevealed',
      message: expect.stringContaining('not revealed'),
    });
    expect(auditEpoch({ ...honest, epoch: 7 }, verify)).toEqual({
      state: 'unknown',
      message: 'this log opened no epoch 7: it has epochs 1 to 2',
    });
  });
});

describe('a package with taps', () => {
  const taps = otherDigest();
  const judged = (change: Partial<Verdict>) =>
    sampleEvidence(2, {
      taps,
      verdict: (sequence, verdict) => (sequence === 6 ? { ...verdict, ...change } : verdict),
    });

  it('is audited with its fingerprints; right outputs with a wrong inside are a mismatch', () => {
    expect(faultsOf(judged({}))).toEqual([]);
    const caught = judged({ kind: 'mismatch', runs: 2, fingerprint: WRONG_INSIDE });
    expect(codesOf(caught)).not.toContain('verdict');
  });

  it.each<[what: string, change: Partial<Verdict>]>([
    ['compares no fingerprint', { fingerprint: undefined }],
    ['passes a wrong inside', { fingerprint: WRONG_INSIDE }],
    ['leaves out what deviates', { fingerprint: { ...WRONG_INSIDE, deviates: undefined } }],
  ])('a verdict that %s: found', (_what, change) => {
    expect(codesOf(judged(change))).toEqual(['verdict']);
  });

  it('a shard with other taps than its device committed to, or with none: found', () => {
    const evidence = judged({});
    for (const other of [{ taps: seedOf(1) as string as Digest }, { taps: undefined }]) {
      const shards = evidence.shards.map(({ shard, ...logged }) => ({
        ...logged,
        shard: { ...shard, ...other },
      }));
      expect(codesOf({ ...evidence, shards })).toContain('commitment');
    }
  });
});

describe('verdicts of other verifiers', () => {
  /** Verdicts of a stranger on units that were drawn anyway, so that each has been done again. */
  const theirs = verdictLines.flatMap(({ signed }) =>
    Array.from({ length: 20 }, (_, round) => {
      const verdict = { ...signed.verdict, verifier: STRANGER.key, at: instant(round) };
      return { verdict, signature: STRANGER.sign('verdict', verdict) };
    }),
  );
  const reviewed = (range: [from: number, through: number], verdicts = theirs): Evidence =>
    published(
      changeRecords({ ...honest, verdicts: [...honest.verdicts, ...verdicts] }, (record) =>
        record.type === 'opened'
          ? { ...record, reviewFrom: range[0] }
          : { ...record, reviewThrough: range[1] },
      ),
    );
  const own = honest.verdicts.length;

  it('that were drawn and done again are no fault; one that was not is found', () => {
    const range: [number, number] = [own + 1, own + theirs.length];
    expect(faultsOf(reviewed(range))).toEqual([]);
    const elsewhere = theirs.map(({ verdict: { unit, ...rest } }) => {
      const verdict = { ...rest, unit: unit + 1_000 };
      return { verdict, signature: STRANGER.sign('verdict', verdict) };
    });
    const drawn = elsewhere.filter(({ signature }) => isReviewDrawn(seedOf(2), signature)).length;
    expect(drawn).toBeGreaterThan(0);
    const faults = faultsOf(reviewed(range, elsewhere));
    expect(faults.map(({ code }) => code)).toEqual(new Array(drawn).fill('skipped'));
    expect(faults[0]?.message).toContain('was drawn to be done again');
    expect(faultsOf(reviewed([own + 1, own], elsewhere))).toEqual([]);
    const forged = elsewhere.map(({ verdict }) => ({ verdict, signature: honest.head.signature }));
    expect(faultsOf(reviewed(range, forged))).toEqual([]);
  });

  const fill = (verdicts: readonly SignedVerdict[]) =>
    Array.from({ length: 2_000 - own }, (_, at) => verdicts[at % verdicts.length] as SignedVerdict);

  it('that no epoch draws from are found', () => {
    expect(faultsOf(reviewed([2_000, 2_000], fill(theirs)))).toEqual([
      { code: 'skipped', message: expect.stringMatching(/^999 .* 1001 to 1999, lie between/) },
    ]);
  });

  it('that stand between two epochs are no gap where all are its own', () => {
    expect(faultsOf(reviewed([2_000, 2_000], fill(honest.verdicts)))).toEqual([]);
  });
});
