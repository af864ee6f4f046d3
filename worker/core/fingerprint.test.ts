import { expect, test } from 'vitest';
import { concatBytes, digest, digestCommitment, sha256 } from '#protocol/bytes/digest.ts';
import { projectionSeed, projectTaps } from '#protocol/checks/fingerprint.ts';
import type { Digest, Signature } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';

import {
  ANSWER,
  LEASE,
  NONCE,
  openBench,
  PACKAGE,
  PHONE,
  packageOf,
  SIGNED,
} from './fake-world.ts';

const bytesOf = (values = new Float32Array(0)) => new Uint8Array(values.buffer);

test('a device with taps commits to their digest, and the fingerprint follows from the log entry', () => {
  const taps = ['a', 'b'].map((name) => ({
    ...{ name, dtype: 'f32' as const, shape: [1, 3], scale: 2 },
  }));
  const values = [Float32Array.of(1, 2, 3), Float32Array.of(-4, 5, 0.5)];
  const inside = {
    bytes: concatBytes(...values.map(bytesOf)),
    digests: sha256(bytesOf(values[0])),
  };
  const bench = openBench({ taps: inside });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest: packageOf({ taps }) });
  expect(bench.all('load').at(-1)?.runtime).toMatchObject({ taps: ['a', 'b'] });
  const id = bench.lease('a');
  bench.endRun();
  const commits = bench
    .all('send')
    .flatMap(({ message }) => (message.type === 'commit' ? [message] : []));
  const opens = { lease: id, device: PHONE, salt: NONCE, digests: new Uint8Array(32) };
  const [{ commitment } = { commitment: undefined }] = commits;
  expect(commitment).toBe(digestCommitment({ ...opens, taps: digest(inside.digests) }));
  const entry = { index: 0, commitment: commitment ?? ('00'.repeat(32) as Digest), at: instant(0) };
  bench.hear({ type: 'logged', lease: id, entry, signature: SIGNED });
  const seed = projectionSeed(SIGNED, entry.commitment);
  const sent = concatBytes(ANSWER, projectTaps(values, seed, [2, 2]));
  const reveal = { lease: id, salt: NONCE, taps: digest(inside.digests), computeMs: 5 };
  expect(bench.all('send-frame').at(-1)).toMatchObject({ head: { reveal }, payload: sent });
  // Another seed gives no second projection of the same taps.
  bench.hear({ type: 'logged', lease: id, entry, signature: 'dd'.repeat(64) as Signature });
  expect(bench.all('send-frame').at(-1)?.payload).toEqual(sent);
  // Said again after a lost link, it is the same.
  bench.post({ type: 'closed', socket: bench.all('connect').at(-1)?.socket ?? 0, reason: 'lost' });
  bench.wait(60_000);
  bench.welcome();
  expect(bench.all('send-frame')).toHaveLength(3);
  expect(bench.all('send-frame').at(-1)?.payload).toEqual(sent);
});
