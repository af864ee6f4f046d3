import { expect, test } from 'vitest';
import type { PublicKey } from '#protocol/values/ids.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { openHub } from '../hub/core/hub.ts';
import type { AppliedFact } from '../hub/core/state/facts.ts';
import { differences } from './world/durable.ts';

const key = 'ab'.repeat(32) as PublicKey;
const hubOf = (facts: readonly AppliedFact[]) =>
  openHub(facts, {
    hub: key,
    checks: { type: 'flat', rate: 1 },
    beatMs: millis(20_000),
    iceServers: [],
    needsVerifier: true,
    barMs: millis(1_000),
  });

test('two hubs differ in what one fact more has changed, and in nothing else', () => {
  const at = instant(5);
  const enrolled: AppliedFact = { type: 'verifier-enrolled', key, at };
  const judged: AppliedFact = { type: 'judged', verifier: key, through: 3 };
  const banned: AppliedFact = { type: 'banned', device: key, until: at, at };
  expect(differences(hubOf([enrolled]), hubOf([enrolled]))).toEqual([]);
  expect(differences(hubOf([enrolled]), hubOf([]))).toEqual(['enrolled']);
  expect(differences(hubOf([enrolled, judged]), hubOf([enrolled]))).toEqual(['marks']);
  expect(differences(hubOf([banned]), hubOf([]))).toEqual(['devices']);
});
