import * as v from 'valibot';
import { ModelStatsList } from '#protocol/api/model-stats.ts';
import {
  type ModelFile,
  type ModelLimits,
  ModelList,
  ModelOptions,
  ModelRemoved,
  ModelView,
  nameModel,
} from '#protocol/api/models.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import { viewModelStats } from '../../../core/hub.ts';
import { MODEL_LIMITS, weightsWithin } from '../../../core/models/check.ts';
import type { Spool } from '../../inputs/spool.ts';
import { answerJson, reject } from '../answer.ts';
import { type CallPlaces, openTurns } from '../call-places.ts';
import { Files, form, json } from '../describe.ts';
import { MODEL_BOUNDS, receiveForm } from '../form.ts';
import { checkOwner, checkRoom, findModel } from '../kept-models.ts';
import type { Part } from '../multipart.ts';
import { type ApiPorts, type KeyCall, type Route, reader, writer } from '../route.ts';

const LIMITS: ModelLimits = {
  fileBytes: bytes(MODEL_LIMITS.fileBytes),
  weightBytes: bytes(weightsWithin(MODEL_LIMITS.peakBytes)),
};

const ModelForm = v.strictObject({
  model: v.pipe(
    Files,
    v.description('An ONNX file, files with its data, and JSON of its repository.'),
  ),
  options: ModelOptions,
});

/** Models that the hub keeps for jobs to come: every key may use them, who added one removes it. */
export function modelRoutes(ports: ApiPorts, places: CallPlaces): Route[] {
  const inTurn = openTurns();

  const add = ({ request, key }: KeyCall) =>
    places.hold(key, async () => {
      const posted = await receiveForm(request, ports.uploads, SHAPE);
      try {
        const { model } = posted.spools;
        const options = decodeOptions(posted.texts.get('options'), model);
        const { models } = ports.store;
        await checkOwner(models, options, key);
        const files = await ports.threads.keepModel(model);
        return await inTurn(() => enter(ports, { key, options, files }));
      } finally {
        await posted.close();
      }
    });

  async function remove({ param, key }: KeyCall): Promise<ModelRemoved> {
    const { models } = ports.store;
    const model = await findModel(models, param('id'));
    if (model.owned_by !== key.id && key.role !== 'operator') {
      return reject('key-forbidden', 'only the key that added a model, or an operator, removes it');
    }
    await models.remove(model);
    return { id: model.id, object: 'model', deleted: true };
  }

  return [
    writer(
      'POST /v1/models',
      {
        does: 'Adds a model that the hub keeps, for jobs to come; 200 where the same files are there.',
        body: form({ ModelForm }),
        answers: { 200: json({ ModelView }), 201: json({ ModelView }) },
      },
      add,
    ),
    reader(
      'GET /v1/models',
      {
        does: 'Lists the models of all keys, the newest first.',
        answers: { 200: json({ ModelList }) },
      },
      async (): Promise<ModelList> => {
        return { object: 'list', data: await ports.store.models.list(), limits: LIMITS };
      },
    ),
    reader(
      'GET /v1/model-stats',
      {
        does: 'Says of each model how fast devices online compute it, by their class, and what checks of its jobs found.',
        answers: { 200: json({ ModelStatsList }) },
        cost: 2,
      },
      async (): Promise<ModelStatsList> => {
        const known = (await ports.store.models.trust()).map(({ view, archived }) => {
          return { model: nameModel(view), since: instant(view.created * 1000), archived };
        });
        return { models: viewModelStats(ports.hub, known) };
      },
    ),
    reader(
      'GET /v1/models/:id{.+}',
      {
        does: 'Shows a model: the newest of its id, or one revision as `id@revision`.',
        answers: { 200: json({ ModelView }) },
      },
      ({ param }) => findModel(ports.store.models, param('id')),
    ),
    writer(
      'DELETE /v1/models/:id{.+}',
      {
        does: 'Removes a model of this key; jobs that were made of it go on.',
        answers: { 200: json({ ModelRemoved }) },
      },
      remove,
    ),
  ];
}

const SHAPE = {
  fields: { model: MODEL_BOUNDS },
  explainPart: ({ field }: Part) =>
    `the form has a part "${field}", and takes \`model\` (one or more files) and \`options\` only; leave it out`,
};

function decodeOptions(text: string | undefined, { entries }: Spool): ModelOptions {
  if (entries.length === 0) {
    const message = 'the form has no `model`; send the ONNX file and what belongs to it';
    return reject('request-invalid', message, 'model');
  }
  if (text === undefined) {
    const message = 'the form has no `options`; send JSON such as {"name":"my-model"}';
    return reject('request-invalid', message, 'options');
  }
  return must(decodeJson(ModelOptions, text, 'request-invalid'));
}

/** Enters a model whose files are kept: 201; or tells the same one that is there: 200. */
async function enter(
  { store: { models }, clock }: ApiPorts,
  { key, options, files }: { key: KeyCall['key']; options: ModelOptions; files: ModelFile[] },
): Promise<Response> {
  const { name, revision, dtype } = options;
  await checkOwner(models, options, key);
  const present = await models.find(name, revision ?? '');
  if (present !== undefined) {
    if (isSame(present.files, files)) return answerJson(present);
    const which = revision === undefined ? name : `${name}@${revision}`;
    const message = `this hub has a model ${which} of other files${present.dtype ? ` (${present.dtype})` : ''}; remove it, or add this one under another name`;
    return reject('model-exists', message, 'name');
  }
  const length = files.reduce((sum, { blob }) => sum + blob.length, 0);
  await checkRoom(models, key, length);
  const model: ModelView = {
    id: name,
    object: 'model',
    created: Math.floor(clock() / 1000),
    owned_by: key.id,
    ...(revision === undefined ? {} : { revision }),
    ...(dtype === undefined ? {} : { dtype }),
    bytes: bytes(length),
    files,
  };
  await models.add(model);
  return answerJson(model, 201);
}

/** Whether these are the same files under the same names, in whatever order. */
function isSame(some: readonly ModelFile[], others: readonly ModelFile[]): boolean {
  const told = (files: readonly ModelFile[]) =>
    files.map(({ name, blob }) => `${blob.root} ${name}`).sort();
  return JSON.stringify(told(some)) === JSON.stringify(told(others));
}
