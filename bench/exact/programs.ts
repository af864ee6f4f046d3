import { runCommand } from '../command.ts';
import type { BenchContext } from '../figure.ts';
import type { ExactJob, ExactMessage } from '../page/exact-cases.ts';
import { findBun } from './bun.ts';
import { type AbsentEngine, type Engine, readMessages } from './engine.ts';

const JOB_MS_MAX = 15 * 60_000;
const PROGRAM = 'bench/exact/program.ts';

export const openNode = ({ folder }: BenchContext): Engine => ({
  name: 'V8 in Node',
  version: `Node ${process.versions.node}, V8 ${process.versions.v8}`,
  run: (job) => runProgram([process.execPath, '--import', 'tsx', PROGRAM, folder], job),
});

export async function openBun(context: BenchContext): Promise<Engine | AbsentEngine> {
  const name = 'JavaScriptCore in Bun';
  const found = context.quick ? { reason: 'left out by --quick' } : await findBun(context);
  if ('reason' in found) return { name, reason: found.reason };
  return {
    name,
    version: `Bun ${found.version}`,
    run: (job) => runProgram([found.path, PROGRAM, context.folder], job),
  };
}

async function runProgram(command: readonly string[], job: ExactJob) {
  const text = await runCommand([...command, job.id], JOB_MS_MAX);
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return readMessages(
    job,
    lines.map((line) => JSON.parse(line) as ExactMessage),
  );
}
