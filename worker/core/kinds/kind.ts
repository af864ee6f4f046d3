import type { Distance } from '#protocol/checks/comparison.ts';
import type { PackageManifest } from '#protocol/models/package.ts';

/** What differs by the kind of a job. */
export interface Kind {
  /** Whether several threads on wasm come to the same bits as one. */
  mayThread(manifest: PackageManifest): boolean;
  /** How far an answer lies from a known one. */
  compareAnswer(manifest: PackageManifest, answer: Uint8Array, known: Uint8Array): Distance;
  /** The fingerprints of units, of what their run found inside the model. */
  projectInside(
    manifest: PackageManifest,
    taps: { bytes: Uint8Array; unitCount: number },
    seed: Uint8Array,
  ): Uint8Array<ArrayBuffer>;
}
