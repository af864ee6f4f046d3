import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { decodeConfig } from '#node/config/config-file.ts';
import { HUB_LINES } from '#node/config/hub-flags.ts';
import { START_LINES } from '#node/config/start-flags.ts';
import { VERIFIER_LINES } from '#node/config/verifier-flags.ts';
import { must } from '#protocol/values/refusal.ts';
import { decodeStartFlags } from '../start/flags.ts';
import { CONFIG_FOLDER, printConfigFiles } from './files.ts';

const { 'config.schema.json': schema = '', 'config.example.json': example = '' } =
  printConfigFiles();
const isValid = new Ajv({ strict: false }).compile(JSON.parse(schema));

it('the files in the repository are those that npm run config writes', async () => {
  for (const [name, text] of Object.entries(printConfigFiles())) {
    const kept = await readFile(join(import.meta.dirname, '../..', CONFIG_FOLDER, name), 'utf8');
    expect(kept).toBe(text);
  }
});

it('the example is taken by the programs and by the schema', () => {
  const { hub, verifier, start } = must(decodeConfig(example));
  expect([Object.keys(hub).length, Object.keys(verifier).length]).toEqual([7, 6]);
  expect(must(decodeStartFlags([], { hub, start }))).toMatchObject({ port: 8787, data: 'data' });
  expect(isValid(JSON.parse(example))).toBe(true);
});

it.each([
  '{"hub":{"portt":1}}',
  '{"hub":{"port":"8787"}}',
  '{"hub":{"port":70000}}',
  '{"hub":{"log-level":"loud"}}',
  '{"hub":{"origin":"https://a.example"}}',
  '{"start":{"contributors":0.5}}',
  '{"others":{}}',
])('neither takes %s', (text) => {
  expect([decodeConfig(text).ok, isValid(JSON.parse(text))]).toEqual([false, false]);
});

it.each([
  ['docs/operators.md', HUB_LINES],
  ['docs/operators.md', START_LINES],
  ['docs/verifiers.md', VERIFIER_LINES],
])('%s says what each flag is for', async (path, lines) => {
  const text = await readFile(join(import.meta.dirname, '../..', path), 'utf8');
  const missing = Object.entries(lines).filter(
    ([name, { takes }]) =>
      !text.includes(`| \`--${name}${takes === undefined ? '' : ` ${takes}`}\` |`),
  );
  expect(missing.map(([name]) => name)).toEqual([]);
});
