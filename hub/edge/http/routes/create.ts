import { randomBytes } from 'node:crypto';
import type { JobRecord } from '#protocol/api/job.ts';
import { type BlobRef, REFERENCE_LANE } from '#protocol/models/package.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { addTaps } from '#protocol/onnx/taps.ts';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import { accept, type Result, refusal } from '#protocol/values/refusal.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import { checkModel, MODEL_LIMITS } from '../../../core/models/check.ts';
import { convertInputs } from '../../inputs/convert.ts';
import { packUnits, UNITS_BYTES_MAX } from '../../inputs/units.ts';
import { answerJson, answerRefusal } from '../answer.ts';
import type { ApiPorts, DeveloperCall, Route } from '../route.ts';
import { receiveUpload, type Upload } from './upload.ts';

const UPLOADS_MAX = 4;

/** Posting a job: the form, the checks, the blobs, then the core's word. */
export function createRoutes(ports: ApiPorts): Route[] {
  let receiving = 0;
  let working: Promise<unknown> = Promise.resolve();

  /** One at a time: a model and its inputs are in memory while they are worked on. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = working.then(work);
    working = result.catch(() => undefined);
    return result;
  }

  async function answer({ request, developer }: DeveloperCall): Promise<Response> {
    if (receiving >= UPLOADS_MAX) {
      const message = 'the hub is taking other uploads; send this one again in a minute';
      return answerRefusal(refusal('busy', message));
    }
    receiving += 1;
    try {
      const upload = await receiveUpload(request, ports.uploads);
      if (!upload.ok) return answerRefusal(upload.refusal);
      try {
        const created = await inTurn(() => createJob(ports, developer, upload.value));
        return created.ok ? answerJson(created.value, 201) : answerRefusal(created.refusal);
      } finally {
        await upload.value.close();
      }
    } finally {
      receiving -= 1;
    }
  }
  return [{ method: 'POST', path: '/v1/jobs', caller: 'developer', answer }];
}

async function createJob(ports: ApiPorts, developer: DeveloperId, upload: Upload) {
  const { options } = upload;
  if (options.unitPrice !== undefined && options.unitPrice !== '0') {
    // Without a chain nobody could ever be paid.
    const chain = await ports.settlement.view();
    if (!chain.ok) return chain;
  }
  const model = await upload.model();
  const checked = checkModel(model, MODEL_LIMITS);
  if (!checked.ok) return checked;
  const converted = await convertInputs(await upload.inputs(), checked.value, options);
  if (!converted.ok) return converted;
  const { items, unitItems, specs } = converted.value;
  const tapped = options.taps === true ? tapModel(model) : undefined;
  if (tapped?.ok === false) return tapped;
  const posted = tapped?.value.file ?? model;
  const kept = await keepJob(ports, posted, packUnits(converted.value));
  if (!kept.ok) return kept;
  const { file, units, digests, digestBytes } = kept.value;
  const record: JobRecord = {
    id: `job_${randomBytes(8).toString('hex')}` as JobId,
    developer,
    name: options.name,
    createdAt: instant(Date.now()),
    draft: {
      name: options.name,
      file,
      inputs: specs,
      unitItems,
      graphOptimization: options.graphOptimization ?? REFERENCE_LANE.graphOptimization,
      ...(tapped === undefined ? {} : { taps: tapped.value.taps }),
    },
    inputs: units,
    inputDigests: digests,
    items,
    units: Math.ceil(items / unitItems),
    unitPrice: options.unitPrice ?? lamports(0n),
    assurance: options.assurance ?? 'instant',
    autoStart: options.autoStart ?? false,
  };
  return ports.loop.command({ type: 'create', record, inputDigests: digestBytes });
}

/** The model with taps: it is the file of the package from here on. */
function tapModel(model: Uint8Array): Result<{ file: Uint8Array; taps: string[] }> {
  const decoded = decodeOnnx(model);
  if (!decoded.ok) return decoded;
  const tapped = addTaps(decoded.value);
  if (!tapped.ok) return { ok: false, refusal: { ...tapped.refusal, path: 'taps' } };
  return accept({ file: encodeOnnx(tapped.value.model), taps: tapped.value.taps });
}

/** Puts the model, the units and their digests where devices and verifiers get them. */
async function keepJob(
  { blobs }: ApiPorts,
  model: Uint8Array,
  packed: ReturnType<typeof packUnits>,
): Promise<Result<{ file: BlobRef; units: BlobRef; digests: BlobRef; digestBytes: Uint8Array }>> {
  const file = await blobs.put(model, MODEL_LIMITS.fileBytes, 'model-too-big');
  if (!file.ok) return file;
  const units = await blobs.put(packed.bytes, UNITS_BYTES_MAX);
  if (!units.ok) return units;
  const digests = await blobs.put(packed.digests, UNITS_BYTES_MAX);
  if (!digests.ok) return digests;
  return accept({
    file: file.value,
    units: units.value,
    digests: digests.value,
    digestBytes: packed.digests,
  });
}
