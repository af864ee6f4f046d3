import { unzipSync } from 'fflate';
import {
  accept,
  fault,
  PocketgridError,
  type Result,
  type refusal,
  refuse,
} from '../values/refusal.ts';
import { decodeNpy } from './npy.ts';
import type { Tensor } from './tensor.ts';

/** What an archive may hold. */
export interface NpzLimits {
  /** Bytes of all arrays together once unpacked. */
  bytesMax: number;
  arraysMax: number;
}
const LIMITS: NpzLimits = { bytesMax: 1024 * 1024 * 1024, arraysMax: 256 };

/**
 * Reads NumPy's NPZ: a ZIP archive of NPY files, each named for its array. The sizes an archive
 * states are checked before anything is unpacked, and nothing is unpacked past its stated size.
 */
export function decodeNpz(
  bytes: Uint8Array,
  limits: NpzLimits = LIMITS,
): Result<Map<string, Tensor>> {
  const files = unpack(bytes, limits);
  if (!files.ok) return files;
  const tensors = new Map<string, Tensor>();
  for (const [file, data] of Object.entries(files.value)) {
    const name = file.slice(0, -'.npy'.length);
    const tensor = decodeNpy(data);
    if (!tensor.ok) {
      const { code, message } = tensor.refusal;
      return refuse(code, `array ${name}: ${message}`, name);
    }
    tensors.set(name, tensor.value);
  }
  return accept(tensors);
}

function unpack(bytes: Uint8Array, limits: NpzLimits): Result<Record<string, Uint8Array>> {
  let count = 0;
  let total = 0;
  const stop = (...reason: Parameters<typeof refusal>): never => {
    throw fault(...reason);
  };
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        count += 1;
        total += originalSize;
        if (!name.endsWith('.npy'))
          stop('input-format', `${name} is not an NPY file; use numpy.savez`);
        if (count > limits.arraysMax) {
          stop(
            'input-too-big',
            `an NPZ file holds at most ${limits.arraysMax} arrays; send several`,
          );
        }
        if (!(total <= limits.bytesMax)) {
          stop(
            'input-too-big',
            `an NPZ file unpacks to at most ${limits.bytesMax} bytes; split it`,
          );
        }
        return true;
      },
    });
    return accept(files);
  } catch (cause) {
    if (cause instanceof PocketgridError) return { ok: false, refusal: cause.refusal };
    return refuse('input-format', 'the NPZ file is not a whole ZIP archive; save it again');
  }
}
