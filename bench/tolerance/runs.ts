import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import type { BenchContext } from '../figure.ts';
import type { UnitsTask } from '../page/units.ts';
import type { BenchPages } from '../page-server.ts';
import type { NodeTask } from './node-units.ts';
import { type Subject, urlOf } from './subjects.ts';

const RUN_MS_MAX = 15 * 60_000;

/** What a subject's units come to somewhere, unit after unit. */
export interface Outputs {
  name: string;
  bytes: Uint8Array;
}

export interface Work {
  context: BenchContext;
  pages: BenchPages;
  /** Units of each decoy, and of each honest class. */
  decoyUnits: number;
  honestUnits: number;
  /** A software adapter is slow: it stops after so long, with what it has by then. */
  gpuSeconds: number;
}
/** What the names of GPU places begin with; the adapter follows. */
export const GPU_PLACE = 'webgpu ';
/**
 * Units that a GPU runs together, and how many of them are run alone as well, to see that it is the
 * same.
 */
const GPU_TOGETHER = 32;
const GPU_ALONE = 64;

const taskOf = (subject: Subject, units: number): UnitsTask => {
  const { model, inputs, pool, unitItems, free } = subject;
  const settings = { provider: 'wasm', level: 'all', secondsMax: RUN_MS_MAX / 1000 } as const;
  return { model, inputs, pool, unitItems, units, free, together: 1, ...settings };
};

/**
 * A subject and its decoys on the exact lane, and the subject on honest devices of other classes.
 */
export interface Found {
  reference: Uint8Array;
  decoys: Outputs[];
  honest: Outputs[];
}

/**
 * The reference is wasm in Node, one thread, everything optimised. Decoys run like it: a cheat may
 * compute anywhere and claim any class. Honest classes are those this machine has.
 */
export async function runEverywhere(subject: Subject, work: Work): Promise<Found> {
  const task = taskOf(subject, work.honestUnits);
  const decoyTask = taskOf(subject, work.decoyUnits);
  const levels = (['disabled', 'basic'] as const).map((level) => ({
    name: `wasm ${level}`,
    task: { ...task, level },
  }));
  const stands = subject.decoys.map(({ name, file }) => ({
    name,
    task: { ...decoyTask, model: file },
  }));
  const ran = await runNode(work, 1, [{ name: 'reference', task }, ...levels, ...stands]);
  const [reference, ...others] = ran;
  const honest = others.slice(0, levels.length);
  honest.push(...(await runNode(work, 2, [{ name: 'wasm 2 threads', task }])));
  honest.push(...(await runGpu(subject, task, work)));
  const decoys = others.slice(levels.length);
  return { reference: reference?.bytes ?? new Uint8Array(0), decoys, honest };
}

async function runGpu(subject: Subject, task: UnitsTask, work: Work): Promise<Outputs[]> {
  const adapter = await work.pages.nameAdapter();
  if (adapter === undefined) {
    work.context.say('this Chromium has no WebGPU adapter: that class is left out');
    return [];
  }
  const inPage = {
    ...task,
    inputs: task.inputs.map((input) => ({ ...input, file: urlOf(input.file) })),
    model: urlOf(subject.model),
    provider: 'webgpu' as const,
  };
  const runUnits = async (units: number, together: number) => {
    const secondsMax = work.gpuSeconds;
    const text = await work.pages.runUnits({ ...inPage, units, together, secondsMax });
    return new Uint8Array(Buffer.from(text, 'base64'));
  };
  const alone = await runUnits(Math.min(GPU_ALONE, task.units), 1);
  const bytes = await runUnits(task.units, GPU_TOGETHER);
  const length = Math.min(alone.length, bytes.length);
  const same = Buffer.compare(alone.subarray(0, length), bytes.subarray(0, length)) === 0;
  if (!same) work.context.say(`${subject.name}: units run together differ from units run alone`);
  return [{ name: `${GPU_PLACE}${adapter}`, bytes: same ? bytes : alone }];
}

async function runNode(
  { context }: Work,
  threads: number,
  named: { name: string; task: UnitsTask }[],
): Promise<Outputs[]> {
  const tasks = named.map(({ task }, place): NodeTask => {
    return { ...task, out: join(context.folder, `outputs-${place}.bin`) };
  });
  const file = join(context.folder, 'tasks.json');
  await writeFile(file, JSON.stringify(tasks));
  const words = ['npx', 'tsx', 'bench/tolerance/node-units.ts', file, String(threads)];
  await runCommand(words, RUN_MS_MAX);
  const found: Outputs[] = [];
  for (const [place, { out }] of tasks.entries()) {
    const bytes = new Uint8Array(await readFile(out));
    found.push({ name: named[place]?.name ?? '', bytes });
  }
  return found;
}
