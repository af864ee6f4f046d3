import { randomBytes } from 'node:crypto';
import type { JobRecord } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import { packNames } from '#protocol/files/item-names.ts';
import { type BlobRef, REFERENCE_LANE } from '#protocol/models/package.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { boundLoops } from '#protocol/onnx/loops.ts';
import { addTaps } from '#protocol/onnx/taps.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { type FileFault, must } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import { checkModel, MODEL_LIMITS } from '../../../core/models/check.ts';
import { LOOP_TRIPS_MAX } from '../../../core/models/graph.ts';
import { type Converted, convertInputs } from '../../inputs/convert.ts';
import { assembleModel } from '../../inputs/model-file.ts';
import { foldShared, foldTensors } from '../../inputs/shared.ts';
import { packUnits, UNITS_BYTES_MAX } from '../../inputs/units.ts';
import { answerJson, reject } from '../answer.ts';
import { checkBudget } from '../budget.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
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

  async function answer({ request, key }: KeyCall): Promise<Response> {
    if (receiving >= UPLOADS_MAX) {
      const message = 'the hub is taking other uploads; send this one again in a minute';
      return reject('busy', message);
    }
    receiving += 1;
    try {
      const upload = await receiveUpload(request, ports.uploads);
      try {
        return answerJson(await inTurn(() => createJob(ports, key, upload)), 201);
      } finally {
        await upload.close();
      }
    } finally {
      receiving -= 1;
    }
  }
  return [writer('POST /v1/jobs', answer)];
}

async function createJob(ports: ApiPorts, key: KeyView, upload: Upload) {
  const { options } = upload;
  if (options.unitPrice !== undefined && options.unitPrice !== '0') {
    // Without a chain nobody could ever be paid.
    must(await ports.settlement.view());
  }
  const { batchAxis, outputs, shared = {} } = options;
  const assembled = must(assembleModel(await upload.model(), outputs));
  const given = must(foldShared(assembled.file, shared, await upload.shared()));
  const checked = must(checkModel(given, MODEL_LIMITS, batchAxis));
  const converted = must(await convertInputs(await upload.inputs(), checked, options));
  const { items, unitItems, specs, names, leftOut } = converted;
  const notes = [...assembled.notes, ...noteAxis(converted), ...noteFiles(leftOut)];
  const isFixed =
    options.unitItems !== undefined || converted.single || checked.fixedBatch !== undefined;
  const folded = must(foldTensors(given, converted.shared));
  const model = checked.openLoops ? boundModel(folded) : folded;
  const tapped = options.taps === true ? tapModel(model) : undefined;
  const packed = packUnits(converted);
  const { file, units, digests } = await keepJob(ports, tapped?.file ?? model, packed);
  const record: JobRecord = {
    id: `job_${randomBytes(8).toString('hex')}` as JobId,
    developer: key.id,
    name: options.name,
    createdAt: ports.clock(),
    draft: {
      name: options.name,
      file,
      runtime: {
        kind: 'graph',
        inputs: specs,
        unitItems,
        graphOptimization: options.graphOptimization ?? REFERENCE_LANE.graphOptimization,
        ...(isFixed ? { sized: 'fixed' } : {}),
        ...(converted.single && checked.fixedBatch === undefined ? { coupled: true } : {}),
        ...(tapped === undefined ? {} : { taps: tapped.taps }),
      },
    },
    inputs: units,
    inputDigests: digests,
    items,
    units: Math.ceil(items / unitItems),
    unitPrice: options.unitPrice ?? lamports(0n),
    assurance: options.assurance ?? 'instant',
    autoStart: options.autoStart ?? false,
    ...(options.keepDays === undefined ? {} : { keepDays: options.keepDays }),
    ...(names && { itemNames: await keepJson(ports, packNames(names)) }),
    ...(leftOut.length > 0 && { leftOut: await keepJson(ports, leftOut) }),
    ...(notes.length > 0 && { notes }),
  };
  await checkBudget(ports, key, record);
  return must(await ports.loop.command({ type: 'create', record, inputDigests: packed.digests }));
}

const boundModel = (model: Uint8Array): Uint8Array =>
  encodeOnnx(boundLoops(must(decodeOnnx(model)), LOOP_TRIPS_MAX));

const keepJson = async ({ blobs }: ApiPorts, list: readonly unknown[]): Promise<BlobRef> =>
  must(await blobs.put(new TextEncoder().encode(JSON.stringify(list)), UNITS_BYTES_MAX));

const noteAxis = ({ unitItems, apart }: Converted): Reason[] =>
  apart === undefined || unitItems > 1 ? [] : [why('items-apart', { name: apart.slice(0, 200) })];

function noteFiles(leftOut: readonly FileFault[]): Reason[] {
  if (leftOut.length === 0) return [];
  const names = leftOut.map(({ name }) => name).join(', ');
  return [why('files-left-out', { files: leftOut.length, names: names.slice(0, 600) })];
}

/** The model with taps: it is the file of the package from here on. */
function tapModel(model: Uint8Array): { file: Uint8Array; taps: string[] } {
  const tapped = addTaps(must(decodeOnnx(model)));
  if (!tapped.ok) return reject(tapped.refusal.code, tapped.refusal.message, 'taps');
  return { file: encodeOnnx(tapped.value.model), taps: tapped.value.taps };
}

/** Puts the model, the units and their digests where devices and verifiers get them. */
async function keepJob(
  { blobs }: ApiPorts,
  model: Uint8Array,
  packed: ReturnType<typeof packUnits>,
): Promise<{ file: BlobRef; units: BlobRef; digests: BlobRef }> {
  return {
    file: must(await blobs.put(model, MODEL_LIMITS.fileBytes, 'model-too-big')),
    units: must(await blobs.put(packed.bytes, UNITS_BYTES_MAX)),
    digests: must(await blobs.put(packed.digests, UNITS_BYTES_MAX)),
  };
}
