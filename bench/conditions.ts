import { readFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { runCommand } from './command.ts';
import { readRuntimeFiles } from './runtime-files.ts';

/** What the figures depend on, told with each of them. */
export async function readConditions(
  chromium: string,
  quick: boolean,
): Promise<Record<string, unknown>> {
  const version = await runCommand([chromium, '--version'], 20_000).catch(() => 'unknown');
  const commit = await runCommand(['git', 'rev-parse', '--short', 'HEAD'], 20_000).catch(() => '');
  const runtime = await readFile('node_modules/onnxruntime-web/package.json', 'utf8');
  const [wasm, glue] = await readRuntimeFiles();
  return {
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    // Above the number of CPUs, other programs were in the way.
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    node: process.versions.node,
    chromium: /\d+(\.\d+)+/.exec(version)?.[0] ?? 'unknown',
    ort: (JSON.parse(runtime) as { version: string }).version,
    // SHA-256 of the runtime's files, as receipts name them.
    ortWasm: wasm?.sha256,
    ortGlue: glue?.sha256,
    quick,
    commit: commit.trim() || 'unknown',
  };
}
