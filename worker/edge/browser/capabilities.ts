import type { Capabilities } from '#protocol/messages/control.ts';
import type { Feature } from '#protocol/models/package.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { type Bytes, bytes } from '#protocol/values/units.ts';
import { findKnownBad, type KnownBad, skipKnownBad } from '../../core/known-bad.ts';
import { WASM_BYTES_MAX } from '../prove-memory.ts';

const PROBE_MS_MAX = 3_000;
/** What a device offers for a model until a memory trial has shown more; reference/platform.md. */
const UNPROVEN_BYTES = bytes(250 * 2 ** 20);

/** The same where nothing says how much the device has: phones of 4 GB end a tab at about 700 MB. */
const PROVABLE_BYTES = 600 * 2 ** 20;

/** What this browser offers, by trying, not by its name. */
export interface Found {
  capabilities: Capabilities;
  /** Providers not worth a try in 'auto', and why. */
  skipped: { provider: Provider; reason: Reason }[];
  /** Faults that others found on such devices. */
  knownBad: KnownBad[];
  /** A memory trial takes no more. */
  provableBytes: Bytes;
}

interface Adapter {
  features: { has(name: string): boolean };
  info?: {
    vendor?: string;
    architecture?: string;
    device?: string;
    description?: string;
    isFallbackAdapter?: boolean;
  };
  isFallbackAdapter?: boolean;
}
interface Accelerators {
  /** GiB of the device, up to 8; Chromium alone says it. */
  deviceMemory?: number;
  gpu?: { requestAdapter(): Promise<Adapter | null> };
  ml?: { createContext(options: { deviceType: 'npu' | 'gpu' | 'cpu' }): Promise<unknown> };
}

/**
 * Finds out what this browser offers, by trying. That it is iOS only its page can tell: an iPad
 * calls itself a Mac.
 */
export async function findCapabilities({ isIos }: { isIos: boolean }): Promise<Found> {
  const platform = navigator as unknown as Accelerators;
  const engine = nameEngine(navigator.userAgent);
  const providers: Provider[] = typeof WebAssembly === 'object' ? ['wasm'] : [];
  const skipped: Found['skipped'] = [];
  const features: Feature[] = [];
  let adapterName: string | undefined;
  let knownBad: KnownBad[] = [];
  const adapter = await within(platform.gpu?.requestAdapter());
  if (adapter === undefined || adapter === null) {
    skipped.push({ provider: 'webgpu', reason: why('not-offered', { provider: 'webgpu' }) });
  } else {
    providers.push('webgpu');
    if (adapter.features.has('shader-f16')) features.push('shader-f16');
    const { vendor = 'unknown', architecture = '' } = adapter.info ?? {};
    adapterName = `${vendor} ${architecture}`.trim();
    const { device = '', description = '' } = adapter.info ?? {};
    const told = `${adapterName} ${device} ${description}`;
    knownBad = findKnownBad({ userAgent: navigator.userAgent, adapter: told });
    skipped.push(...skipKnownBad(knownBad));
    if (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false) {
      const reason = why('software-gpu', { adapter: adapterName.slice(0, 200) });
      skipped.push({ provider: 'webgpu', reason });
    }
  }
  const webnn = await findWebnn(platform.ml);
  providers.push(...webnn);
  if (webnn.length === 0) {
    skipped.push({ provider: 'webnn', reason: why('not-offered', { provider: 'webnn' }) });
  }
  // Threads under isolation were seen to run out of memory on iOS; see reference/platform.md §2.5.
  const threads =
    self.crossOriginIsolated && !isIos
      ? Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2)))
      : 1;
  const { deviceMemory } = platform;
  const half = deviceMemory === undefined ? PROVABLE_BYTES : (deviceMemory * 2 ** 30) / 2;
  return {
    provableBytes: bytes(Math.min(half, WASM_BYTES_MAX)),
    capabilities: {
      providers,
      features,
      threads,
      memoryBytes: UNPROVEN_BYTES,
      engine,
      ...(adapterName === undefined ? {} : { adapter: adapterName.slice(0, 200) }),
    },
    skipped,
    knownBad,
  };
}

/** What WebNN computes on here: a context is to be had for each; that `navigator.ml` is there says nothing. */
export async function findWebnn(ml: Accelerators['ml']): Promise<Provider[]> {
  const found = await Promise.all(
    (['npu', 'gpu', 'cpu'] as const).map(async (deviceType) => {
      const context = await within(ml?.createContext({ deviceType }));
      return context === undefined ? [] : [`webnn-${deviceType}` as const];
    }),
  );
  return found.flat();
}

/** A probe may hang as well as fail; neither is support. */
async function within<T>(probe: Promise<T> | undefined): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), PROBE_MS_MAX);
  });
  return Promise.race([probe?.catch(() => undefined) ?? Promise.resolve(undefined), late]);
}

/** Browser and major version, for the dashboard; nothing is decided by it. */
export function nameEngine(agent: string): string {
  for (const [name, pattern] of [
    ['Firefox', /Firefox\/(\d+)/],
    ['Edge', /Edg\/(\d+)/],
    ['Chromium', /Chrom(?:e|ium)\/(\d+)/],
    ['Safari', /Version\/(\d+).*Safari/],
  ] as const) {
    const version = pattern.exec(agent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return 'unknown browser';
}
