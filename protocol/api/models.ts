import * as v from 'valibot';
import { BlobRef } from '../models/package.ts';
import { DeveloperId } from '../values/ids.ts';
import { Bytes, Count } from '../values/units.ts';

/** How the weights of a published model are kept, as Hugging Face names its variants. */
export const ModelDtype = v.picklist(
  ['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4'],
  'expected fp32, fp16, q8, int8, uint8, q4, q4f16 or bnb4',
);
export type ModelDtype = v.InferOutput<typeof ModelDtype>;

const WORD = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}';

/** What a model is called on a hub: a name, or an owner and a name. */
export const ModelId = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^${WORD}(?:/${WORD})?$`),
    'expected a name such as my-model or owner/my-model, of letters, digits, ".", "_" and "-"',
  ),
);

/** One state of a repository, such as a commit. */
export const ModelRevision = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^${WORD}$`),
    'expected a revision such as a commit, of letters, digits, ".", "_" and "-"',
  ),
);

/** A model of a hub: its id, and behind `@` its revision where not the newest is meant. */
export const ModelName = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^${WORD}(?:/${WORD})?(?:@${WORD})?$`),
    'expected the id of a model, such as my-model, owner/my-model or owner/my-model@revision',
  ),
);

export type ModelName = v.InferOutput<typeof ModelName>;

/** The two halves of a `ModelName`. */
export function splitModelName(name: string): { id: string; revision: string | undefined } {
  const [id = '', revision] = name.split('@');
  return { id, revision };
}

/** What a model is called in a job: its id, and behind `@` its revision where it has one. */
export const nameModel = ({ id, revision }: { id: string; revision?: string }): string =>
  revision === undefined ? id : `${id}@${revision}`;

/** A path inside a repository: folders and a name, none of them hidden or a step up. */
export const ModelPath = v.pipe(
  v.string(),
  v.maxLength(200),
  v.check(
    (path) => path.split('/').every((part) => /^[^\\:\p{Cc}]+$/u.test(part) && !/^\./.test(part)),
    'expected the path of a file inside the repository, such as onnx/model.onnx',
  ),
);

/** What a developer says of a model that the hub is to keep. */
export const ModelOptions = v.strictObject({
  name: ModelId,
  revision: v.exactOptional(ModelRevision),
  dtype: v.exactOptional(ModelDtype),
});
export type ModelOptions = v.InferOutput<typeof ModelOptions>;

/** A file of a model, under its path in the repository. */
export const ModelFile = v.strictObject({ name: ModelPath, blob: BlobRef });
export type ModelFile = v.InferOutput<typeof ModelFile>;

/** A model that a hub keeps, in the shape of OpenAI's list with fields of ours. */
export const ModelView = v.strictObject({
  id: ModelId,
  object: v.literal('model'),
  /** Seconds since 1970. */
  created: Count,
  /** The key that added it. */
  owned_by: DeveloperId,
  revision: v.exactOptional(ModelRevision),
  dtype: v.exactOptional(ModelDtype),
  bytes: Bytes,
  files: v.array(ModelFile),
});
export type ModelView = v.InferOutput<typeof ModelView>;

/** The largest model that a hub takes. */
export const ModelLimits = v.strictObject({
  /** Of all files of a model together. */
  fileBytes: Bytes,
  /** Of its weights: a device holds them twice while it loads. */
  weightBytes: Bytes,
});
export type ModelLimits = v.InferOutput<typeof ModelLimits>;

/** All models of a hub, the newest first. */
export const ModelList = v.strictObject({
  object: v.literal('list'),
  data: v.array(ModelView),
  limits: ModelLimits,
});
export type ModelList = v.InferOutput<typeof ModelList>;

/** What is said of a model that was removed. */
export const ModelRemoved = v.strictObject({
  id: ModelId,
  object: v.literal('model'),
  deleted: v.literal(true),
});
export type ModelRemoved = v.InferOutput<typeof ModelRemoved>;
