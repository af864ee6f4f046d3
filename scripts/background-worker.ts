import { build, type Plugin } from 'vite';
import type { Packing } from './compress-app.ts';
import { runtimeParts } from './runtime-parts.ts';

/**
 * Builds the background worker into one file of the app. A service worker may not `import()`, so it has
 * the runtime's glue bundled in, as the app's other workers must not; the runtime's wasm stays as it is.
 */
export function backgroundWorker({
  entry,
  file,
  packing,
}: {
  entry: string;
  file: string;
  packing: Packing;
}): Plugin {
  return {
    name: 'background-worker',
    apply: 'build',
    closeBundle: {
      sequential: true,
      async handler(error) {
        if (error !== undefined) return;
        await build({
          configFile: false,
          logLevel: 'warn',
          publicDir: false,
          plugins: [runtimeParts(packing)],
          resolve: { conditions: ['module', 'browser', 'production'] },
          build: {
            target: 'esnext',
            outDir: 'dist',
            emptyOutDir: false,
            reportCompressedSize: false,
            rollupOptions: {
              input: entry,
              output: { format: 'es', entryFileNames: file, codeSplitting: false },
            },
          },
        });
      },
    },
  };
}
