import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { readFlags, Text, wholeIn } from '#node/flags.ts';
import { TaskName } from '#protocol/tasks/task.ts';
import { buildRepository } from './repository.ts';

/**
 * Writes a small model of a task as it is published, files in their folders:
 *
 *     tsx scripts/tasks/main.ts --out FOLDER --task NAME [--seed 1] [--hidden 32]
 */
const USAGE = 'usage: tsx scripts/tasks/main.ts --out FOLDER --task NAME [--seed N] [--hidden N]';
const HIDDEN_MAX = 4_096;

const FLAGS = {
  out: Text,
  task: TaskName,
  seed: v.optional(wholeIn(0, 2 ** 32 - 1), '1'),
  hidden: v.optional(wholeIn(4, HIDDEN_MAX), '32'),
};

async function main(): Promise<void> {
  const flags = readFlags(FLAGS);
  if (flags === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const { out, task, seed, hidden } = flags;
  for (const [name, bytes] of buildRepository(task, { seed, hidden })) {
    const path = join(out, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    process.stdout.write(`${path}: ${bytes.length} bytes\n`);
  }
}

try {
  await main();
} catch (cause) {
  console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  process.exitCode = 2;
}
