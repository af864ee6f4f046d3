import { fitThresholds, THRESHOLD_VERSION } from '#protocol/checks/thresholds.ts';
import { PACKAGE_FORMAT, PackageManifest, REFERENCE_LANE } from '#protocol/models/package.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { Job } from '../state/job.ts';
import type { Made, Prepared } from './kind.ts';

/** The package of what a verifier found, and the inputs and outputs of its known answers. */
export const makePackage = (job: Job, prepared: Prepared): Result<Made> =>
  keepKnown(job, prepared, describePackage(job, prepared));

/** What a verifier found, as a manifest. */
export function describePackage({ record: { draft } }: Job, { head }: Prepared) {
  const { graphOptimization, unitItems, inputs: specs } = draft.runtime;
  const { names, units, nearest } = head.decoys;
  const { comparators, ...allowed } = fitThresholds(head.outputs, nearest);
  return {
    format: PACKAGE_FORMAT,
    name: draft.name,
    variants: [{ dtype: 'f32', file: draft.file, needs: [] }],
    runtime: {
      kind: 'graph',
      inputs: specs,
      outputs: head.outputs,
      unitItems,
      reference: { ...REFERENCE_LANE, graphOptimization },
      comparators,
      calibrated: { rule: THRESHOLD_VERSION, decoys: names, units },
      taps: head.taps ?? [],
    },
    ...allowed,
    peakBytes: head.peakBytes,
    referenceUnitMs: head.unitMs,
  } satisfies Made['manifest'];
}

/** A package with its known answers; refused where no device could use it. */
export function keepKnown(job: Job, prepared: Prepared, manifest: Made['manifest']): Result<Made> {
  const { head, payload } = prepared;
  const { draft, inputs } = job.record;
  const problem = preparedProblem(job, prepared, manifest);
  if (problem !== undefined) return refuse('result-shape', problem);
  const [inputBytes, outputBytes] = [unitBytes(draft.runtime.inputs), unitBytes(head.outputs)];
  const blobs = head.units.flatMap((unit, index): Made['blobs'] => [
    { root: inputs.root, offset: unit * inputBytes, length: inputBytes },
    payload.subarray(index * outputBytes, (index + 1) * outputBytes),
  ]);
  return accept({ manifest, blobs });
}

/** What is prepared goes to every device: one that cannot be read would stop them all. */
function preparedProblem(
  { record }: Job,
  { head, payload }: Prepared,
  manifest: Made['manifest'],
): string | undefined {
  const { units, outputs, taps = [] } = head;
  const names = new Set(outputs.map(({ name }) => name));
  const near = head.decoys.nearest.map(({ output }) => output);
  if (new Set(near).size !== near.length || !near.every((name) => names.has(name))) {
    return 'the nearest decoys must be told once for each output that one changed';
  }
  if (names.size !== outputs.length) return 'two outputs of the model go by one name';
  const asked = record.draft.runtime.taps ?? [];
  if (asked.join('\n') !== taps.map(({ name }) => name).join('\n')) {
    return 'the taps are not those of the draft; prepare the job again';
  }
  if (new Set(units).size !== units.length || !units.every((unit) => unit < record.units)) {
    return `known answers are made from different units below ${record.units}`;
  }
  if (payload.length !== units.length * unitBytes(outputs)) {
    return 'the known answers do not have the announced length; prepare the job again';
  }
  const { file } = record.draft;
  const knownAnswers = units.map(() => ({ inputs: file, outputs: file }));
  const decoded = decodeWith(PackageManifest, { ...manifest, knownAnswers });
  return decoded.ok ? undefined : `what was prepared makes no package: ${decoded.refusal.message}`;
}
