import { describe, expect, it } from 'vitest';
import type { Verdict } from '#protocol/records/records.ts';
import { deviates } from '../trust/deviations.ts';
import { auditEpoch } from './audit.ts';
import type { Evidence } from './evidence.ts';
import { faultsOf } from './sample-changes.ts';
import { type SampleChanges, sampleEvidence, verifySample as verify } from './sample-evidence.ts';

const textOf = (evidence: Evidence): string[] =>
  faultsOf(evidence).map(({ code, message }) => `${code}: ${message}`);

/** A grid of GPUs, each of which deviates in every unit that ends with 3 or 7. */
const GPUS: SampleChanges = { provider: 'webgpu', deviates: (unit) => [3, 7].includes(unit % 10) };
const honest = [1, 2].map((epoch) => sampleEvidence(epoch, GPUS));
const verdicts = honest.flatMap(({ lines, epoch }) =>
  lines.flatMap((line) =>
    line.type === 'verdict' && line.signed.verdict.epoch === epoch ? [line.signed.verdict] : [],
  ),
);
const odd = verdicts.filter(deviates);

type Change = { [Key in keyof Verdict]?: Verdict[Key] | undefined };

/** The epoch of a verdict, where the verifier signs something else in its place. */
const withVerdict = (changed: Verdict | undefined, change: Change): Evidence =>
  sampleEvidence(changed?.epoch ?? 0, {
    ...GPUS,
    verdict: (_, verdict) =>
      verdict.unit === changed?.unit ? ({ ...verdict, ...change } as Verdict) : verdict,
  });

describe('the audit of GPU checks', () => {
  it('the audit counts an honest verifier again without a fault', () => {
    expect(honest.map(textOf)).toEqual([[], []]);
    const kinds = odd.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['inconclusive', 'device-unfit']));
    const report = auditEpoch(honest[0] as Evidence, verify);
    expect(report).toMatchObject({
      checked: expect.arrayContaining([expect.stringMatching(/^\d+ checks of GPUs counted again/)]),
    });
  });

  it('the audit reports a device that was called unfit too early', () => {
    for (const early of odd.filter(({ kind }) => kind === 'inconclusive')) {
      const faults = textOf(withVerdict(early, { kind: 'device-unfit' }));
      expect(faults).toEqual([
        expect.stringMatching(/^count: .*says device-unfit where [12] .*inconclusive is due$/),
      ]);
    }
  });

  it('the audit reports a device that was called unfit too late', () => {
    for (const late of odd.filter(({ kind }) => kind === 'device-unfit')) {
      const faults = textOf(withVerdict(late, { kind: 'inconclusive' }));
      expect(faults).toEqual([
        expect.stringMatching(/^count: .*says inconclusive where \d+ .*device-unfit is due$/),
      ]);
    }
  });

  it('the audit reports a check that was hidden from the count, or counted twice', () => {
    const [first, next] = verdicts;
    if (first?.check === undefined || next?.check === undefined) throw new Error('no check');
    const without = withVerdict(first, {});
    const lines = without.lines.filter(
      (line) => line.type !== 'verdict' || line.signed.verdict.unit !== first.unit,
    );
    expect(textOf({ ...without, lines })).toContainEqual(
      expect.stringMatching(/^count: check 2 .*follows one that is not in the log$/),
    );
    const twice = textOf(withVerdict(next, { check: first.check }));
    const about = twice.filter((fault) => fault.startsWith('count: check 1 '));
    expect(about).toHaveLength(2);
    expect(about[0]).toContain('stands in the log twice');
  });

  it.each<[string, (verdict: Verdict) => Change]>([
    ['without its number', () => ({ check: undefined })],
    ['with the number of a check that found nothing', () => ({ reason: undefined })],
    ['without a reason', () => ({ kind: 'device-unfit', reason: undefined })],
    ['that nothing confirmed', () => ({ runs: 1 })],
    ['of equal outputs', ({ claimed }) => ({ reference: claimed })],
    ['that is a match', () => ({ kind: 'match' })],
    ['inconclusive for its inside', () => ({ reason: 'inside' })],
    [
      'of another provider',
      ({ check }) => ({ check: check && { ...check, provider: 'webnn' as const } }),
    ],
  ])('the audit reports a deviating unit %s', (_, change) => {
    const [first] = odd;
    if (first === undefined) throw new Error('nothing deviates');
    const faults = textOf(withVerdict(first, change(first)));
    expect(faults).toContainEqual(expect.stringMatching(/^verdict: the verdict on unit/));
  });
});
