import { lingui } from '@lingui/vite-plugin';
import { preact } from '@preact/preset-vite';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { backgroundWorker } from './scripts/background-worker.ts';
import { compressApp, type Packing } from './scripts/compress-app.ts';
import { firstFiles, startFiles } from './scripts/languages/first-files.ts';
import { SENTENCES } from './scripts/languages/macros.ts';
import { preloadPage } from './scripts/preload-page.ts';
import { runtimeParts } from './scripts/runtime-parts.ts';

/** `--mode quick`, for a grid on this machine, builds in seconds; a phone then downloads a tenth more. */
const packing = (mode: string): Packing => ({
  cache: '.build/compressed',
  effort: mode === 'quick' ? 'quick' : 'best',
});
const START = new Set(startFiles(import.meta.dirname));
const FIRST = new Set(firstFiles(import.meta.dirname));
/** With Vite's own part, which loads what is imported later. */
const isStart = (id: string) => START.has(id) || id.includes('vite/preload-helper');
const HUB = 'http://127.0.0.1:8787';

/**
 * COOP and COEP make the page cross-origin isolated, which WASM threads need; the worker's script
 * needs them too, so the development server sends them on everything, as the hub does.
 */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Last of all, when the service worker is written too: the hub serves what is compressed here. */
const compressed = (packed: Packing): Plugin => ({
  name: 'compressed',
  apply: 'build',
  enforce: 'post',
  closeBundle: {
    sequential: true,
    order: 'post',
    async handler(error) {
      if (error === undefined) await compressApp('dist', packed);
    },
  },
});

export default defineConfig(({ mode }) => ({
  plugins: [
    preact(SENTENCES),
    lingui({ failOnMissing: true, failOnCompileError: true }),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'web/sw',
      filename: 'sw.ts',
      injectRegister: false,
      manifest: false,
      injectManifest: {
        // The runtime's own glue and wasm are cached on first use by the service worker.
        globPatterns: ['index.html', 'assets/*.{js,css}', 'icons/*.{png,svg}', '*.webmanifest'],
        globIgnores: ['**/ort-*'],
        maximumFileSizeToCacheInBytes: 2 * 1024 * 1024,
      },
    }),
    backgroundWorker({
      ...{ entry: 'worker/background.ts', file: 'background.js' },
      packing: packing(mode),
    }),
    preloadPage,
    compressed(packing(mode)),
  ],
  // Workers say nothing: a sentence in their modules ends the build.
  worker: { format: 'es', plugins: () => [lingui(), runtimeParts(packing(mode))] },
  // The runtime's default condition bundles Emscripten's glue into our worker, whose threads would
  // then run our worker's file again; with this one the glue stays a file of its own.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'] },
  build: {
    target: 'esnext',
    outDir: 'dist',
    reportCompressedSize: false,
    rolldownOptions: {
      // One file for all that loads first: two dozen small ones wait for each other's connections.
      // What starts it is apart, and asks for sentences meanwhile.
      output: {
        codeSplitting: {
          groups: [
            { name: 'start', test: (id) => isStart(id), priority: 2 },
            { name: 'page', test: (id) => FIRST.has(id), priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    headers: ISOLATION,
    proxy: { '/v1': { target: HUB, ws: true } },
  },
  preview: { host: '127.0.0.1', headers: ISOLATION },
}));
