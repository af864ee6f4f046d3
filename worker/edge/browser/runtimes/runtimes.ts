import { PocketgridError } from '#protocol/values/refusal.ts';
import type { RuntimeBuild } from '../../../core/events.ts';
import type { Runtimes } from '../../ports.ts';
import script from '../compute-wasm.ts?worker&url';
import { openRuntimeDownload } from '../runtime-download.ts';
import { cpu } from './cpu.ts';
import { gpu } from './gpu.ts';
import { gpuAsyncify } from './gpu-asyncify.ts';

/** Opens the downloads of this browser's builds; one lasts as long as this worker. */
export function openRuntimes(): Runtimes {
  const builds = {
    cpu: openRuntimeDownload(cpu, [script]),
    gpu: openRuntimeDownload('Suspending' in WebAssembly ? gpu : gpuAsyncify),
  } satisfies Record<RuntimeBuild, unknown>;
  return {
    async fetch(build, progress) {
      try {
        await builds[build].run(progress);
      } catch (error) {
        // What has come and cannot be compiled is for the compute worker to try and to tell.
        if (error instanceof PocketgridError) throw error;
      }
    },
    cancel: (build) => builds[build].cancel(),
    find: (build) => builds[build].module(),
  };
}
