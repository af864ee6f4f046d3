import { concatBytes } from '#protocol/bytes/digest.ts';
import { compareUnits } from '#protocol/checks/comparison.ts';
import { openProjection, readTaps } from '#protocol/checks/fingerprint.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import type { Kind } from './kind.ts';

export const graph: Kind = {
  /**
   * Threads change bits where a unit is one item (a convolution's plane is then divided among
   * them), and a verifier's reference has one. From two items on up to four threads were seen to
   * agree: docs/exactness.md.
   */
  mayThread: ({ runtime }) => runtime.unitItems > 1,
  compareAnswer: ({ runtime }, answer, known) => compareUnits(answer, known, runtime),
  projectInside({ runtime: { taps } }, { bytes, unitCount }, seed) {
    const scales = taps.map(({ scale }) => scale);
    const project = openProjection(seed, scales);
    const size = unitBytes(taps);
    const units = Array.from({ length: unitCount }, (_, unit) =>
      project(readTaps(taps, bytes.subarray(unit * size, (unit + 1) * size))),
    );
    return concatBytes(...units);
  },
};
