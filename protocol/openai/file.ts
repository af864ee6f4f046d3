import * as v from 'valibot';
import { BlobRef } from '../models/package.ts';
import { DeveloperId } from '../values/ids.ts';
import { Bytes, Count } from '../values/units.ts';

/** Seconds since 1970, as OpenAI's API counts. */
export const Seconds = Count;

/** What a file is for. `batch_output` are those that a hub makes. */
export const FilePurpose = v.picklist(['batch', 'batch_output'], 'expected batch');
export type FilePurpose = v.InferOutput<typeof FilePurpose>;

/** A file as OpenAI's API shows it (Files, `file` object). */
export const FileView = v.strictObject({
  id: v.string(),
  object: v.literal('file'),
  bytes: Bytes,
  created_at: Seconds,
  expires_at: v.exactOptional(Seconds),
  filename: v.string(),
  purpose: FilePurpose,
  /** It is whole as soon as there is one. */
  status: v.literal('processed'),
});
export type FileView = v.InferOutput<typeof FileView>;

/** A file as a hub keeps it. */
export const KeptFile = v.strictObject({ view: FileView, owner: DeveloperId, blob: BlobRef });
export type KeptFile = v.InferOutput<typeof KeptFile>;

/** Files, the newest first. */
export const FileList = v.strictObject({
  object: v.literal('list'),
  data: v.array(FileView),
  first_id: v.nullable(v.string()),
  last_id: v.nullable(v.string()),
  has_more: v.boolean(),
});
export type FileList = v.InferOutput<typeof FileList>;

/** A file is gone. */
export const FileDeleted = v.strictObject({
  ...{ id: v.string(), object: v.literal('file'), deleted: v.literal(true) },
});
export type FileDeleted = v.InferOutput<typeof FileDeleted>;
