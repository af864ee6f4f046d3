import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EpochRecord } from '#protocol/records/epoch.ts';
import type { LogLine } from '../state/events.ts';
import {
  codesOf,
  faultsOf,
  honest,
  isRecord,
  isVerdict,
  published,
  verdictLines,
  withLines,
  withRecord,
} from './sample-changes.ts';
import { otherDigest, STRANGER, sampleEvidence, seedOf } from './sample-evidence.ts';

it('the audit finds a verifier that skips any drawn unit', () => {
  fc.assert(
    fc.property(fc.nat({ max: verdictLines.length - 1 }), (place) => {
      const skipped = verdictLines[place];
      const faults = faultsOf(withLines((line) => (line === skipped ? [] : [line])));
      expect(faults.map(({ code }) => code)).toEqual(['skipped']);
      expect(faults[0]?.message).toContain(`unit ${skipped?.signed.verdict.unit} of shard`);
    }),
  );
});

it('the audit finds each unit that a verifier drew by a list of its own, and each that it left out', () => {
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

it('the audit finds a verifier that reveals another seed than it committed to', () => {
  const evidence = withRecord((record) =>
    record.type === 'revealed' ? { ...record, seed: seedOf(3) } : record,
  );
  expect(faultsOf(published(evidence))[0]).toEqual({
    code: 'seed',
    message: expect.stringContaining('not the one whose SHA-256 was logged first'),
  });
});

it('a reader who wrote down the hash of a seed finds a verifier that writes its log anew with another', () => {
  const opened = honest.lines.find((line) => isRecord(line, 'opened'));
  if (opened?.type !== 'epoch' || opened.signed.record.type !== 'opened') throw new Error();
  expect(faultsOf({ ...honest, seedHash: opened.signed.record.commitment })).toEqual([]);
  expect(faultsOf({ ...honest, seedHash: otherDigest() })).toEqual([
    { code: 'seed', message: expect.stringContaining('written anew') },
  ]);
});

it('the audit finds a verifier that writes its log anew, each line signed, by what the hub was told', () => {
  const anew = sampleEvidence(2, { seed: (epoch) => seedOf(epoch + 7) });
  expect(faultsOf(anew)).toEqual([]);
  const faults = faultsOf({ ...anew, epochs: honest.epochs });
  expect(faults.map(({ code }) => code)).toEqual(['seed', 'seed']);
  expect(faults[0]?.message).toContain('the log was written anew');
});

it('the audit finds a verifier that draws with a seed that it told the hub nothing of, or never tells it', () => {
  for (const type of ['opened', 'revealed']) {
    const epochs = honest.epochs.filter(({ record }) => record.epoch !== 2 || record.type !== type);
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

it('the audit finds a verifier that leaves a record of an epoch unsigned, or changes it after signing', () => {
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

it('the audit finds a verifier that opens an epoch when its verdicts are known, or judges after its seed is', () => {
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

it('the audit finds a verifier that changes any verdict after signing it, or signs with another key', () => {
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
])('the audit finds a verifier that signs a verdict $what', ({ change }) => {
  const evidence = sampleEvidence(2, {
    verdict: (sequence, verdict) =>
      sequence === 6 &&
      verdict.unit === verdictLines.find((line) => line.sequence === 6)?.signed.verdict.unit
        ? { ...verdict, ...change }
        : verdict,
  });
  expect(codesOf(evidence)).toContain('verdict');
});

it('a verdict dated to another epoch is missing in its own, and out of place in the other', () => {
  const [unit] = verdictLines.map(({ signed }) => signed.verdict.unit).slice(-1);
  const redated = (epoch: number) =>
    sampleEvidence(epoch, {
      verdict: (_, verdict) => (verdict.unit === unit ? { ...verdict, epoch: 1 } : verdict),
    });
  expect(codesOf(redated(2))).toEqual(['skipped']);
  expect(codesOf(redated(1))).toContain('verdict');
});

it('the audit finds a verifier that keeps a verdict from the hub, or takes one out of its log', () => {
  const [first] = verdictLines;
  const verdicts = honest.verdicts.filter((signed) => signed !== first?.signed);
  expect(codesOf({ ...honest, verdicts })).toEqual(['withheld']);
  const lines = honest.lines.filter((line) => line !== first);
  expect(codesOf({ ...honest, lines })).toEqual(['skipped', 'withheld']);
});

it('the audit finds a verifier that leaves shards between two epochs', () => {
  const { lines } = withRecord((record) =>
    record.type === 'opened' ? { ...record, from: 5 } : record,
  );
  const kept = lines.filter((line) => line.type !== 'verdict' || line.sequence !== 4);
  const verdicts = kept.filter(isVerdict).map(({ signed }) => signed);
  expect(faultsOf(published({ ...honest, lines: kept, verdicts }))).toEqual([
    { code: 'skipped', message: expect.stringContaining('between epochs 1 and 2') },
  ]);
});
