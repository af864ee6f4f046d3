import { JobOptions } from '#protocol/api/job.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import type { JobForm } from '../../forms/make-job.ts';
import type { Spool } from '../../inputs/spool.ts';
import { reject } from '../answer.ts';
import { type FieldBounds, MODEL_BOUNDS, receiveForm } from '../form.ts';
import type { Part } from '../multipart.ts';
import type { Uploads } from '../uploads.ts';

/** A form that has arrived whole, in files of its own. Where its options name a model it has none. */
export interface Upload {
  form: JobForm & { model: Spool };
  close(): Promise<void>;
}

/** Bounds of the files of inputs. */
export const INPUT_BOUNDS: FieldBounds = {
  most: 512 * 1024 * 1024,
  code: 'input-too-big',
  message: 'the inputs of a job have at most 512 MiB; post them as several jobs',
};
const FIELDS = { model: MODEL_BOUNDS, inputs: INPUT_BOUNDS, shared: INPUT_BOUNDS };

/** Receives the form of a job: `model`, `inputs`, `shared` and `options`. */
export async function receiveUpload(request: Request, uploads: Uploads): Promise<Upload> {
  const { spools, texts, close } = await receiveForm(request, uploads, {
    fields: FIELDS,
    explainPart,
  });
  try {
    return { form: { options: decodeOptions(texts.get('options'), spools), ...spools }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function explainPart({ field, filename }: Part): string {
  const named = `the form has a part "${field}"`;
  if (field in JobOptions.entries) {
    return `${named}; put it into \`options\`, which is JSON: {"name":"my job","${field}":…}`;
  }
  const way = filename === undefined ? 'leave it out' : 'send files as `model` or `inputs`';
  return `${named}, and takes \`model\`, \`inputs\`, \`shared\` and \`options\` only; ${way}`;
}

function decodeOptions(
  text: string | undefined,
  { model, inputs }: { model: Spool; inputs: Spool },
): JobOptions {
  const given = text === undefined ? undefined : decodeJson(JobOptions, text, 'request-invalid');
  const named = given?.ok === true ? given.value.model : undefined;
  if (model.entries.length === 0 && named === undefined && given?.ok !== false) {
    const message =
      'the form has no `model`; send one ONNX file, or put the id of a model of this hub into the options (GET /v1/models)';
    return reject('request-invalid', message, 'model');
  }
  if (model.entries.length > 0 && named !== undefined) {
    const message = `the form has the files of a model, and its options name ${named}; leave one of them out`;
    return reject('request-invalid', message, 'model');
  }
  const address = given?.ok === true ? given.value.inputsUrl : undefined;
  if (inputs.entries.length > 0 && address !== undefined) {
    const message = 'the form has `inputs`, and its options an inputsUrl; leave one of them out';
    return reject('request-invalid', message, 'inputsUrl');
  }
  if (inputs.entries.length === 0 && address === undefined && given?.ok !== false) {
    return reject(
      'request-invalid',
      'the form has no `inputs`; send one or more files, or name an inputsUrl',
      'inputs',
    );
  }
  if (given === undefined) {
    const message = 'the form has no `options`; send JSON such as {"name":"my job"}';
    return reject('request-invalid', message, 'options');
  }
  return must(given);
}
