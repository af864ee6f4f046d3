import { digestClass } from '#protocol/checks/device-class.ts';
import type { Capabilities } from '#protocol/messages/control.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { RUNTIME_BUILD } from '#protocol/models/runtime-build.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { hardwareOf } from '#protocol/values/provider.ts';
import type { Admission } from '../state/device.ts';

const NAME_MAX = 120;
/** Half a character, as a hostile device may send, has no canonical JSON. */
const nameOf = (text: string | undefined): string =>
  (text || 'unknown').slice(0, NAME_MAX).replaceAll(/[^ -~]/g, '?');

/**
 * The class of a device's work on a package, by what the device says of itself. A lie makes it no
 * better off: thresholds are the package's own.
 */
export function classOf(
  { variants, runtime }: PackageManifest,
  { engine, adapter }: Capabilities,
  { provider, dtype, threads }: Pick<Admission, 'provider' | 'dtype' | 'threads'>,
): Digest {
  const variant = variants.find((each) => each.dtype === dtype) ?? variants[0];
  if (variant === undefined) throw new RangeError('a manifest has one variant at least');
  return digestClass({
    model: variant.file.root,
    dtype,
    provider,
    adapter: nameOf(hardwareOf(provider, adapter)),
    engine: nameOf(engine),
    // One file stands for the release: its bundles are built together.
    runtime: RUNTIME_BUILD.wasm.sha256,
    graphOptimization: runtime.reference.graphOptimization,
    threads: Math.max(1, threads),
    unitItems: runtime.unitItems,
  });
}
