import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { FlagTexts } from '../flags.ts';
import { nearNames } from '../near-names.ts';
import { sectionOf } from './fields.ts';
import { HUB_FLAGS, HUB_LINES } from './hub-flags.ts';
import { START_FLAGS, START_LINES } from './start-flags.ts';
import { VERIFIER_FLAGS, VERIFIER_LINES } from './verifier-flags.ts';

/** What the configuration file says, section by section; `npm start` takes the rest from `hub`. */
const SECTIONS = {
  hub: sectionOf(HUB_FLAGS, HUB_LINES, ['config']),
  verifier: sectionOf(VERIFIER_FLAGS, VERIFIER_LINES, ['config', 'print-key', 'trust-new-hub']),
  start: sectionOf(START_FLAGS, START_LINES, [
    ...['config', 'once'],
    ...['port', 'data', 'newcomers', 'lan'],
  ]),
};
type Section = keyof typeof SECTIONS;

/** The configuration file of an operator: a section for each program. */
export const ConfigFile = v.strictObject({
  $schema: v.exactOptional(v.pipe(v.string(), v.description('for editors'))),
  hub: v.exactOptional(
    v.pipe(SECTIONS.hub, v.description('npm run hub, and the hub of npm start')),
  ),
  verifier: v.exactOptional(
    v.pipe(SECTIONS.verifier, v.description('npm run verifier, and the verifier of npm start')),
  ),
  start: v.exactOptional(v.pipe(SECTIONS.start, v.description('npm start'))),
});

/** Flags as they would be written, by section. */
export type Config = Readonly<Record<Section, FlagTexts>>;

/** No file is named. */
export const NO_CONFIG: Config = { hub: {}, verifier: {}, start: {} };

/** What the file says that `--config` names among these words; nothing where it is not there. */
export async function readConfig(args: readonly string[]): Promise<Result<Config>> {
  const options = { config: { type: 'string' as const } };
  const { values } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
  const path = values['config'];
  if (path === undefined) return accept(NO_CONFIG);
  if (typeof path !== 'string') return refuse('request-invalid', '--config needs a file after it');
  const text = await readFile(path, 'utf8').catch((error: Error) => error);
  if (text instanceof Error) {
    return refuse('request-invalid', `--config ${path} cannot be read: ${text.message}`);
  }
  const decoded = decodeConfig(text);
  if (decoded.ok) return decoded;
  return refuse('request-invalid', `${path}: ${decoded.refusal.message}`, decoded.refusal.path);
}

/** Decodes the text of a file; the refusal names the field, and those that are like an unknown one. */
export function decodeConfig(text: string): Result<Config> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('request-invalid', `it is no JSON: ${String(error)}`);
  }
  const unknown = findUnknown(value);
  if (unknown !== undefined) return unknown;
  const decoded = decodeWith(ConfigFile, value, 'request-invalid');
  if (!decoded.ok) return decoded;
  const { hub = {}, verifier = {}, start = {} } = decoded.value;
  return accept({ hub: writeFlags(hub), verifier: writeFlags(verifier), start: writeFlags(start) });
}

/** Fields as flags are written. */
const writeFlags = (
  fields: Readonly<Record<string, string | number | boolean | string[] | undefined>>,
): FlagTexts =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'number' ? String(value) : value]],
    ),
  );

/** The refusal of the first field that no section has, or of what is no section. */
function findUnknown(value: unknown): Result<never> | undefined {
  if (!isRecord(value)) return refuse('request-invalid', 'it is no object with sections');
  const sections = Object.keys(ConfigFile.entries);
  for (const [name, fields] of Object.entries(value)) {
    if (!sections.includes(name)) return refuseField(name, sections);
    if (!(name in SECTIONS)) continue;
    if (!isRecord(fields)) return refuse('request-invalid', `${name} is no object of fields`, name);
    const known = Object.keys(SECTIONS[name as Section].entries);
    const strange = Object.keys(fields).find((field) => !known.includes(field));
    if (strange !== undefined) return refuseField(`${name}.${strange}`, known);
  }
  return undefined;
}

function refuseField(path: string, known: readonly string[]): Result<never> {
  const near = nearNames(path.split('.').at(-1) ?? '', known);
  const way =
    near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.join(', ')}`;
  return refuse('request-invalid', `${path} is no field; ${way}`, path);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
