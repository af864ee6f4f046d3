import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochRecord } from '#protocol/records/epoch.ts';
import type { LoggedShard } from '#protocol/records/public-log.ts';
import type { Verdict } from '#protocol/records/records.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import { isReviewDrawn } from '../draws/draw.ts';
import type { LogLine } from '../state/events.ts';
import { auditEpoch } from './audit.ts';
import type { Evidence, FaultCode } from './evidence.ts';
import {
  headOf,
  otherDigest,
  STRANGER,
  sampleEvidence,
  seedOf,
  signEpoch,
  VERIFIER,
  type VerdictLine,
  verifySample as verify,
  WRONG_INSIDE,
} from './sample-evidence.ts';

function faultsOf(evidence: Evidence): { code: FaultCode; message: string }[] {
  const report = auditEpoch(evidence, verify);
  if (report.state !== 'exit-checked') throw new Error(report.message);
  return report.faults;
}
const codesOf = (evidence: Evidence) => [...new Set(faultsOf(evidence).map(({ code }) => code))];

const honest = sampleEvidence(2);
const isVerdict = (line: LogLine): line is VerdictLine => line.type === 'verdict';
const epochOf = (line: LogLine): number =>
  line.type === 'verdict' ? line.signed.verdict.epoch : line.signed.record.epoch;
const verdictLines = honest.lines.filter(isVerdict).filter((line) => epochOf(line) === 2);
/** The lines of epoch 2 that open and reveal it, with their records changed and signed again. */
const withRecord = (change: (record: EpochRecord) => EpochRecord): Evidence =>
  changeRecords(honest, change);
const changeRecords = (
  evidence: Evidence,
  change: (record: EpochRecord) => EpochRecord,
): Evidence => ({
  ...evidence,
  lines: evidence.lines.map((line) =>
    isVerdict(line) || epochOf(line) !== 2
      ? line
      : { type: 'epoch', signed: signEpoch(change(line.signed.record)) },
  ),
});
/** The hub was told what the log says. */
const published = (evidence: Evidence): Evidence => ({
  ...evidence,
  epochs: evidence.lines.flatMap((line) => (isVerdict(line) ? [] : [line.signed])),
});
const isRecord = (line: LogLine, type: EpochRecord['type']): boolean =>
  line.type === 'epoch' && line.signed.record.type === type && epochOf(line) === 2;

/** The evidence with some lines of the log changed, and the hub showing the same verdicts. */
function withLines(change: (line: LogLine) => LogLine[]): Evidence {
  const lines = honest.lines.flatMap(change);
  return { ...honest, lines, verdicts: lines.filter(isVerdict).map(({ signed }) => signed) };
}
const withShard = (sequence: number, change: (logged: LoggedShard) => LoggedShard): Evidence => ({
  ...honest,
  shards: honest.shards.map((logged) =>
    logged.shard.sequence === sequence ? change(logged) : logged,
  ),
});

describe('auditEpoch', () => {
  it.each([1, 2])(
    'finds nothing wrong with an honest epoch %i, and says what it checked',
    (epoch) => {
      const report = auditEpoch(sampleEvidence(epoch), verify);
      expect(report).toMatchObject({ state: 'exit-checked', faults: [] });
      const checked = report.state === 'exit-checked' ? report.checked.join('\n') : '';
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

describe('a verifier that cheats', () => {
  it('skips any drawn unit: found', () => {
    fc.assert(
      fc.property(fc.nat({ max: verdictLines.length - 1 }), (place) => {
        const skipped = verdictLines[place];
        const faults = faultsOf(withLines((line) => (line === skipped ? [] : [line])));
        expect(faults.map(({ code }) => code)).toEqual(['skipped']);
        expect(faults[0]?.message).toContain(`unit ${skipped?.signed.verdict.unit} of shard`);
      }),
    );
  });

  it('draws by a list of its own: every unit off the draw is found, and every one left out', () => {
    const biased = sampleEvidence(2, {
      draw: (sequence, units) => {
        const all = Array.from({ length: 10 }, (_, place) => sequence * 10 + place);
        return all.filter((unit) => !units.includes(unit)).slice(0, units.length);
      },
    });
    const codes = faultsOf(biased).map(({ code }) => code);
    const drawn = verdictLines.length;
    expect(codes.filter((code) => code === 'skipped')).toHaveLength(drawn);
    expect(codes.filter((code) => code === 'undrawn').length).toBeGreaterThan(4);
  });

  it('reveals another seed than it committed to: found', () => {
    const evidence = withRecord((record) =>
      record.type === 'revealed' ? { ...record, seed: seedOf(3) } : record,
    );
    expect(faultsOf(published(evidence))[0]).toEqual({
      code: 'seed',
      message: expect.stringContaining('not the one whose SHA-256 was logged first'),
    });
  });

  it('writes its log anew with another seed: found by who wrote down the hash of the first', () => {
    const opened = honest.lines.find((line) => isRecord(line, 'opened'));
    if (opened?.type !== 'epoch' || opened.signed.record.type !== 'opened') throw new Error();
    expect(faultsOf({ ...honest, seedHash: opened.signed.record.commitment })).toEqual([]);
    expect(faultsOf({ ...honest, seedHash: otherDigest() })).toEqual([
      { code: 'seed', message: expect.stringContaining('written anew') },
    ]);
  });

  it('writes its log anew, each line signed: found by what the hub was told', () => {
    const anew = sampleEvidence(2, { seed: (epoch) => seedOf(epoch + 7) });
    expect(faultsOf(anew)).toEqual([]);
    const faults = faultsOf({ ...anew, epochs: honest.epochs });
    expect(faults.map(({ code }) => code)).toEqual(['seed', 'seed']);
    expect(faults[0]?.message).toContain('the log was written anew');
  });

  it('draws with a seed that it told the hub nothing of, or never tells it: found', () => {
    for (const type of ['opened', 'revealed']) {
      const epochs = honest.epochs.filter(
        ({ record }) => record.epoch !== 2 || record.type !== type,
      );
      expect(faultsOf({ ...honest, epochs })).toEqual([
        { code: 'seed', message: `the hub was not told that epoch 2 was ${type}` },
      ]);
    }
    const others = honest.epochs.map(({ record, signature }) => ({
      record: { ...record, verifier: STRANGER.key },
      signature,
    }));
    expect(faultsOf({ ...honest, epochs: [...others, ...honest.epochs] })).toEqual([]);
  });

  it('leaves a record of an epoch unsigned, or changes it after signing: found', () => {
    const lines = honest.lines.map((line): LogLine => {
      if (line.type !== 'epoch' || !isRecord(line, 'opened')) return line;
      return {
        type: 'epoch',
        signed: { ...line.signed, record: { ...line.signed.record, from: 5 } as EpochRecord },
      };
    });
    const faults = faultsOf({ ...honest, lines });
    expect(faults[0]).toEqual({ code: 'seed', message: expect.stringContaining('did not sign') });
  });

  it('opens an epoch when its verdicts are known, or judges after its seed is: found', () => {
    const [opened] = honest.lines.filter((line) => isRecord(line, 'opened'));
    const rest = honest.lines.filter((line) => line !== opened);
    if (opened === undefined) throw new Error('no epoch');
    expect(codesOf({ ...honest, lines: [...rest, opened] })).toEqual(['seed']);
    const [late] = verdictLines;
    if (late === undefined) throw new Error('no verdict');
    const lines = [...honest.lines.filter((line) => line !== late), late];
    expect(codesOf({ ...honest, lines })).toEqual(['seed']);
    expect(codesOf({ ...honest, lines: [...honest.lines, opened] })).toEqual(['seed']);
  });

  it('changes any verdict after signing it, or signs with another key: found', () => {
    fc.assert(
      fc.property(fc.nat({ max: verdictLines.length - 1 }), fc.boolean(), (place, changed) => {
        const evidence = withLines((line) => {
          if (line !== verdictLines[place] || !isVerdict(line)) return [line];
          const { verdict } = line.signed;
          const signed = changed
            ? { ...line.signed, verdict: { ...verdict, l2: 0.5 } }
            : { verdict, signature: STRANGER.sign('verdict', verdict) };
          return [{ ...line, signed }];
        });
        expect(codesOf(evidence)).toEqual(['verdict']);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    { what: 'of other outputs', change: { claimed: otherDigest(), reference: otherDigest() } },
    { what: 'that matches other bytes', change: { reference: otherDigest() } },
    { what: 'of a mismatch of equal bytes', change: { kind: 'mismatch' as const, runs: 2 } },
    {
      what: 'of a mismatch that nothing confirmed',
      change: { kind: 'mismatch' as const, runs: 1, reference: otherDigest() },
    },
    { what: 'of too much trust', change: { n: 1_000 } },
    { what: 'of the other lane', change: { lane: 'tolerance' as const } },
  ])('signs a verdict $what: found', ({ change }) => {
    const evidence = sampleEvidence(2, {
      verdict: (sequence, verdict) =>
        sequence === 6 &&
        verdict.unit === verdictLines.find((line) => line.sequence === 6)?.signed.verdict.unit
          ? { ...verdict, ...change }
          : verdict,
    });
    expect(codesOf(evidence)).toContain('verdict');
  });

  it('dates a verdict to another epoch: it is missing in its own, and out of place in the other', () => {
    const [unit] = verdictLines.map(({ signed }) => signed.verdict.unit).slice(-1);
    const redated = (epoch: number) =>
      sampleEvidence(epoch, {
        verdict: (_, verdict) => (verdict.unit === unit ? { ...verdict, epoch: 1 } : verdict),
      });
    expect(codesOf(redated(2))).toEqual(['skipped']);
    expect(codesOf(redated(1))).toContain('verdict');
  });

  it('keeps a verdict from the hub, or takes one out of its log: found', () => {
    const [first] = verdictLines;
    const verdicts = honest.verdicts.filter((signed) => signed !== first?.signed);
    expect(codesOf({ ...honest, verdicts })).toEqual(['withheld']);
    const lines = honest.lines.filter((line) => line !== first);
    expect(codesOf({ ...honest, lines })).toEqual(['skipped', 'withheld']);
  });

  it('leaves shards between two epochs: found', () => {
    const { lines } = withRecord((record) =>
      record.type === 'opened' ? { ...record, from: 5 } : record,
    );
    const kept = lines.filter((line) => line.type !== 'verdict' || line.sequence !== 4);
    const verdicts = kept.filter(isVerdict).map(({ signed }) => signed);
    expect(faultsOf(published({ ...honest, lines: kept, verdicts }))).toEqual([
      { code: 'skipped', message: expect.stringContaining('between epochs 1 and 2') },
    ]);
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

  it('that no epoch draws from are found', () => {
    const faults = faultsOf(reviewed([2_000, 2_000]));
    expect(faults).toEqual([
      { code: 'skipped', message: expect.stringContaining('verdicts 1001 to 1999 of others lie') },
    ]);
  });
});

describe('a hub that cheats', () => {
  it('lends trust to a device: found, and the units it spared with it', () => {
    const evidence = sampleEvidence(2, {
      standing: (sequence, truth) => (sequence === 5 ? truth + 1_000 : truth),
    });
    const codes = codesOf(evidence);
    expect(codes).toContain('standing');
    expect(codes).toContain('skipped');
  });

  it('forgets trust: no fault, since more is checked', () => {
    expect(faultsOf(sampleEvidence(2, { standing: () => 0 }))).toEqual([]);
  });

  it('lets a device keep its trust after a confirmed failure: found', () => {
    const failed = honest.lines.filter(isVerdict).find(({ sequence }) => sequence === 0);
    if (failed === undefined) throw new Error('no verdict');
    const verdict = {
      ...failed.signed.verdict,
      kind: 'mismatch' as const,
      runs: 2,
      reference: otherDigest(),
      at: instant(700),
    };
    const signed = { verdict, signature: VERIFIER.sign('verdict', verdict) };
    const verdicts = [...honest.verdicts.filter((one) => one !== failed.signed), signed];
    const faults = faultsOf({ ...honest, verdicts });
    expect(faults.map(({ code }) => code)).toContain('standing');
    expect(faults[0]?.message).toContain('shard 4 says that 20 units lie behind');
    const voided = {
      ...honest,
      verdicts,
      shards: honest.shards.map((one) => ({ ...one, voided: true })),
    };
    expect(codesOf(voided)).not.toContain('standing');
  });

  it('changes what was logged, or what was shown before: found', () => {
    const [first, second, ...rest] = honest.entries;
    if (first === undefined || second === undefined) throw new Error('no entry');
    const moved = { ...first, entry: { ...first.entry, at: instant(5) } };
    expect(codesOf({ ...honest, entries: [moved, second, ...rest] })).toEqual(['log']);
    const swapped = [second, first, ...rest];
    expect(codesOf({ ...honest, entries: swapped })).toEqual(['log']);
    expect(codesOf({ ...honest, entries: swapped, head: headOf(swapped) })).toEqual(['log']);
    const shorter = [first, ...rest];
    expect(codesOf({ ...honest, entries: shorter, head: headOf(shorter) })).toContain('log');
    const forged = { ...honest.head, signature: STRANGER.sign('tree-head', honest.head.head) };
    expect(codesOf({ ...honest, head: forged })).toEqual(['log']);
  });

  it('puts a commitment in the log that no device signed, or another one: found', () => {
    const entries = honest.entries.map((logged, at) =>
      at === 5 ? { ...logged, signature: STRANGER.sign('commitment', logged.commitment) } : logged,
    );
    expect(codesOf({ ...honest, entries })).toEqual(['commitment']);
    const shard = withShard(5, (logged) => ({ ...logged, salt: seedOf(9) }));
    expect(codesOf(shard)).toEqual(['commitment']);
    const other = withShard(5, ({ shard: old, ...logged }) => ({
      ...logged,
      shard: { ...old, index: 0 },
    }));
    expect(codesOf(other)).toEqual(['commitment']);
  });

  it('shows no shard for a verdict: found', () => {
    const shards = honest.shards.filter(({ shard }) => shard.sequence !== 6);
    expect(codesOf({ ...honest, shards })).toContain('verdict');
  });
});
