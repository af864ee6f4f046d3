import { describe, expect, it } from 'vitest';
import { digest, sha256 } from '#protocol/bytes/digest.ts';
import { projectTaps, readTaps } from '#protocol/checks/fingerprint.ts';
import type { PackageManifest, Tap } from '#protocol/models/package.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { fakeReference, MANIFEST } from '../fake-world.ts';
import type { Print, Reference } from '../state/events.ts';
import { graph } from './graph.ts';
import type { Evidence, Finding } from './kind.ts';

const TAPS: Tap[] = [0, 1, 2, 3].map((number) => ({
  name: `tap${number}`,
  dtype: 'f32',
  shape: [1, 20],
  scale: 1,
}));
const manifest: PackageManifest = {
  ...MANIFEST,
  runtime: { ...MANIFEST.runtime, taps: TAPS },
};
const SEED = sha256(Uint8Array.of(1));

/** Taps of a unit; `wrongFrom` is the first tap that is not the model's. */
const tapsOf = (wrongFrom = 4) =>
  new Uint8Array(
    Float32Array.from({ length: 80 }, (_, at) =>
      Math.sin(at * 1.7 + (Math.floor(at / 20) >= wrongFrom ? 1 : 0)),
    ).buffer,
  );
const referenceOf = (value: number, taps = tapsOf()): Reference => ({
  ...fakeReference(value),
  taps,
});
const printOf = (taps: Uint8Array, seed = SEED): Print => ({
  bytes: projectTaps(readTaps(TAPS, taps), seed, [1, 1, 1, 1]),
  seed: SEED,
});

/** What a device claims, and what the verifier's own runs give one after another. */
interface Case {
  provider?: Provider;
  claim?: Reference;
  print?: Print | 'unavailable';
  runs?: readonly Reference[];
}

/** Climbs to the end: the finding, and the steps that led to it. */
function judge(given: Case): { finding: Finding; steps: string[] } {
  const { provider = 'wasm', claim = referenceOf(1), print = printOf(tapsOf()) } = given;
  const runs = given.runs ?? [referenceOf(1), referenceOf(1)];
  const known: Pick<Evidence, 'claim' | 'print'> = {};
  const references: Reference[] = [];
  const steps: string[] = [];
  for (let rung = 0; rung < 7; rung += 1) {
    const evidence = { provider, manifest, claimed: claim.digest, references, gaveUp: false };
    const step = graph.judge({ ...evidence, ...known });
    steps.push(step.do);
    if (step.do === 'decide') return { finding: step.finding, steps };
    if (step.do === 'claim') known.claim = claim;
    else if (step.do === 'fingerprint') known.print = print;
    else references.push(runs[references.length] ?? referenceOf(1));
  }
  throw new Error('the ladder has no end');
}

describe('a unit of a package with taps', () => {
  it('matches when outputs and fingerprint are those of one run', () => {
    const { finding, steps } = judge({});
    expect(finding).toMatchObject({ kind: 'match', runs: 1, fingerprint: { l2: [0, 0, 0, 0] } });
    expect(steps).toEqual(['execute', 'fingerprint', 'decide']);
  });

  it.each([0, 1, 2, 3])('right outputs with an inside that is wrong from tap %i on', (tap) => {
    const forged = { print: printOf(tapsOf(tap)) };
    const exact = judge(forged).finding;
    expect(exact).toMatchObject({ kind: 'mismatch', lane: 'exact', l2: 0, max: 0, runs: 2 });
    expect(exact.fingerprint?.deviates).toBe(tap);
    // Bit for bit the same outputs on a GPU too: its inside alone is beyond.
    const gpu = judge({ ...forged, provider: 'webgpu' }).finding;
    expect(gpu).toMatchObject({ kind: 'device-unfit', reason: 'inside', runs: 2 });
    expect(gpu.fingerprint?.deviates).toBe(tap);
  });

  it('an answer copied with its fingerprint was made under another seed', () => {
    const copied = printOf(tapsOf(), sha256(Uint8Array.of(2)));
    expect(judge({ print: copied }).finding).toMatchObject({
      kind: 'mismatch',
      fingerprint: { deviates: 0 },
    });
  });

  it('a GPU within tolerance outside and inside matches; its inside is weighed by distance', () => {
    const noisy = new Float32Array(tapsOf().slice().buffer).map((value) => value * (1 + 1e-6));
    const near = { print: printOf(new Uint8Array(noisy.buffer)), claim: referenceOf(1 + 1e-6) };
    const { finding, steps } = judge({ ...near, provider: 'webgpu' });
    expect(finding).toMatchObject({ kind: 'match', lane: 'tolerance', runs: 1 });
    expect(finding.fingerprint?.l2.some((distance) => distance < 2e-3)).toBe(true);
    expect(steps).toEqual(['execute', 'fingerprint', 'claim', 'decide']);
    const beyond = { ...near, print: printOf(tapsOf(3)), provider: 'webgpu' as const };
    expect(judge(beyond).finding).toMatchObject({
      kind: 'device-unfit',
      reason: 'inside',
      fingerprint: { deviates: 3 },
    });
  });

  it('wrong outputs are a mismatch, and the fingerprint says where the fault lies', () => {
    const { finding } = judge({ claim: referenceOf(2), print: printOf(tapsOf(2)) });
    expect(finding).toMatchObject({ kind: 'mismatch', fingerprint: { deviates: 2 } });
    expect(finding.l2).toBeGreaterThan(0);
  });

  it('says nothing where the hub gives no fingerprint, or our own runs differ inside', () => {
    expect(judge({ print: 'unavailable' }).finding).toMatchObject({ kind: 'inconclusive' });
    const runs = [referenceOf(1), referenceOf(1, tapsOf(3))];
    expect(judge({ print: printOf(tapsOf(1)), runs }).finding).toMatchObject({
      kind: 'inconclusive',
      runs: 2,
    });
  });

  it('has its reference named by the digest of the outputs alone', () => {
    const right = referenceOf(1);
    expect(judge({}).finding.reference).toBe(digest(right.bytes));
  });
});
