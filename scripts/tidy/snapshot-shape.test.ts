import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API, type Checker, type Type } from 'typescript/unstable/sync';
import { expect, test } from 'vitest';

const HUB = join(import.meta.dirname, '../../hub');
/** Digests of the shape of `Snapshot`, one for each version. A new one is added at the end. */
const SHAPES = [
  '5476d4a7eac86e8c',
  '32c469663bf76e1e',
  'c4979f525a61c227',
  'e3b7c4b81467f8a6',
  '37ddfe4399c13e05',
  '4cb9e27f2e8c7dcd',
  '5378f960e5a1db58',
  '1ff6c601b54b1ac7',
  '1d89bd15c103e8d9',
  '052b92b232783588',
  'ec9abd305557e4b0',
  'ad5c92996b08760b',
  '8f0420906b08479a',
  'dae1c7e9bb3c1fef',
  '51777516d70fa9eb',
  '7d7591aaeb86a63b',
  '9efb3a8485589604',
];
const CHANGED = `a snapshot is made of other fields than those of SNAPSHOT_VERSION: add 1 to that
  constant (hub/core/open.ts), and the digest received here to the end of SHAPES`;
const MOVED = 'SNAPSHOT_VERSION has no digest of its own: add it to the end of SHAPES';

test('the shape of a snapshot changes with its version alone', () => {
  const shape = shapeOfType(join(HUB, 'edge/store/snapshots.ts'), 'Snapshot');
  expect(shape).toContain('epochs:Map<string,Map<number,{');
  expect(hash('sha256', shape).slice(0, 16), CHANGED).toBe(SHAPES.at(-1));
  const core = readFileSync(join(HUB, 'core/open.ts'), 'utf8');
  const [, version] = /SNAPSHOT_VERSION = (\d+)/.exec(core) ?? [];
  expect(`${SHAPES.length}`, MOVED).toBe(version);
});

/** Says what an exported type is made of: fields, whether they may be absent, and plain types. */
function shapeOfType(file: string, name: string): string {
  const api = new API({ cwd: HUB });
  try {
    const openProject = join(HUB, 'tsconfig.json');
    const [project] = api.updateSnapshot({ openProject }).getProjects();
    const text = project?.program.getSourceFile(file)?.text ?? '';
    const position = text.indexOf(`interface ${name} `) + 'interface '.length;
    const symbol = project?.checker.getSymbolAtPosition(file, position);
    if (project === undefined || symbol === undefined) throw new Error(`no ${name} in ${file}`);
    return shapeOf(project.checker.getDeclaredTypeOfSymbol(symbol), project.checker, []);
  } finally {
    api.close();
  }
}

/** `within`: the types that this one is a part of. */
function shapeOf(type: Type, checker: Checker, within: readonly number[]): string {
  const depth = within.indexOf(type.id);
  if (depth >= 0) return `^${depth}`;
  const inside = [...within, type.id];
  const each = (types: readonly Type[]) => types.map((part) => shapeOf(part, checker, inside));
  if (type.isUnionType()) return [...new Set(each(type.getTypes()))].sort().join('|');
  if (type.isLiteralType()) return typeof type.value;
  const plain = checker.typeToString(type);
  // The values of a branded type are plain ones.
  const [, branded] = /^(string|number) & /.exec(plain) ?? [];
  if (branded !== undefined) return branded;
  if (!type.isObjectType() && !type.isIntersectionType()) return plain;
  const [, name, bytes] =
    /^(?:(?:Readonly)?(Map|Set)|(Uint8Array))$/.exec(type.getSymbol()?.name ?? '') ?? [];
  if (bytes !== undefined) return bytes;
  const args = type.isTypeReference() ? each(checker.getTypeArguments(type)).join() : '';
  if (name !== undefined) return `${name}<${args}>`;
  return checker.isArrayLikeType(type) ? `[${args}]` : fieldsOf(type, checker, inside);
}

function fieldsOf(type: Type, checker: Checker, inside: readonly number[]): string {
  const fields = checker.getPropertiesOfType(type);
  const names = fields.map(({ name }) => name).sort();
  // New reasons come, and change no older one.
  if (names.join() === 'code,values') return 'Reason';
  const said = fields.map((field) => {
    const of = checker.getTypeOfSymbol(field);
    return `${field.name}:${of === undefined ? '?' : shapeOf(of, checker, inside)}`;
  });
  const indexed = checker.getIndexInfosOfType(type).map(({ keyType, valueType }) => {
    return `[${shapeOf(keyType, checker, inside)}]:${shapeOf(valueType, checker, inside)}`;
  });
  return `{${[...said.sort(), ...indexed].join(';')}}`;
}
