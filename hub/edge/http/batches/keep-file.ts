import { randomBytes } from 'node:crypto';
import type { FilePurpose, KeptFile } from '#protocol/openai/file.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import type { BlobStore } from '../../blobs/port.ts';
import type { FileStore } from '../../store/batches.ts';

/** The longest file that a hub takes or makes; base64 of a batch's largest vectors. */
export const FILE_BYTES_MAX = 2 * 1024 ** 3;
/** Days for which a file is kept that a hub made. */
const OUTPUT_DAYS = 30;

interface Ports {
  store: { files: FileStore };
  blobs: Pick<BlobStore, 'put' | 'hold'>;
  seconds(): number;
}

/** A file to be kept. */
export interface NewFile {
  /** A new one where it is absent. */
  id?: string;
  owner: DeveloperId;
  name: string;
  purpose: FilePurpose;
  bytes: AsyncIterable<Uint8Array>;
  /** Seconds since 1970. */
  expiresAt?: number | undefined;
}

/** Keeps a file; undefined where it would have nothing in it. */
export async function keepFile(ports: Ports, file: NewFile): Promise<KeptFile | undefined> {
  return ports.blobs.hold(keep(ports, file));
}

async function keep(
  { store, blobs, seconds }: Ports,
  file: NewFile,
): Promise<KeptFile | undefined> {
  const put = await blobs.put(file.bytes, FILE_BYTES_MAX);
  if (!put.ok && put.refusal.code === 'input-empty') return undefined;
  const blob = must(put);
  const made = file.purpose === 'batch_output' ? seconds() + OUTPUT_DAYS * 86_400 : undefined;
  const expires = file.expiresAt ?? made;
  const kept: KeptFile = {
    view: {
      ...{ id: file.id ?? `file-${randomBytes(12).toString('hex')}`, object: 'file' },
      bytes: bytes(blob.length),
      created_at: seconds(),
      ...(expires === undefined ? {} : { expires_at: expires }),
      ...{ filename: file.name, purpose: file.purpose, status: 'processed' },
    },
    owner: file.owner,
    blob,
  };
  await store.files.add(kept);
  return kept;
}
