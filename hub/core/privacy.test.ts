import { expect, test } from 'vitest';
import { millis } from '#protocol/values/units.ts';
import { deliver, joinWorker, openBench, PHONE, startJob, verdictOn } from './fake-world.ts';
import type { Fact } from './state/facts.ts';

/** Names of all fields of a value, those inside it too. */
function fieldsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.flatMap(([name, field]) => [
    ...(Array.isArray(value) || value instanceof Map ? [] : [String(name)]),
    ...fieldsOf(field),
  ]);
}

/** What facts and their records hold of a device: its key, work, checks of it, pay, a chosen name. */
const KNOWN = {
  who: ['device', 'key', 'known', 'record', 'hub', 'recipient', 'signature', 'payout'],
  name: ['name', 'team', 'signedAt'],
  work: [
    ...['commitment', 'entry', 'index', 'at', 'logSignature', 'shard', 'job', 'lease', 'class'],
    ...['provider', 'package', 'firstUnit', 'unitCount', 'donated', 'sequence', 'workBefore'],
    ...['unitCost', 'salt', 'computeMs', 'outputs', 'fingerprints', 'type', 'taps', 'digests'],
    ...['atFault', 'resets', 'counted'],
  ],
  checks: [
    ...['signed', 'verdict', 'verifier', 'unit', 'kind', 'lane', 'claimed', 'reference', 'l2'],
    ...[
      'max',
      'n',
      'runs',
      'until',
      'reason',
      'code',
      'values',
      'outcome',
      'work',
      'epoch',
      'draw',
    ],
    ...['tolerance', 'thresholds', 'fingerprint'],
  ],
};

// privacy: kept-of-device
test('facts hold of a device its key, its work, how that was checked, its pay and a chosen name: no more', () => {
  const bench = openBench({ checks: { type: 'flat', rate: 1 } });
  startJob(bench, 10);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  bench.say(1, { type: 'verdict', signed: verdictOn(bench, 'mismatch') });
  bench.post({ type: 'disconnected', socket: 2 });
  bench.wait(millis(60_000));
  const about = bench.facts.filter((fact: Fact) => JSON.stringify(fact).includes(PHONE));
  expect(about.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['committed', 'accepted', 'verdict', 'banned']),
  );
  const fields = new Set(about.flatMap(fieldsOf));
  const known = new Set(Object.values(KNOWN).flat());
  expect([...fields].filter((name) => !known.has(name))).toEqual([]);
});
