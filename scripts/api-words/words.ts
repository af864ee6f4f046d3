import { parseSync } from 'vite';

/** What doc lines say of schemas and their fields, by name: `JobOptions`, `JobOptions.image.size`. */
export type Words = Map<string, string>;

interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

/** A schema that takes over the fields of others, as `...KeyRequest.entries`. */
type Spread = [name: string, other: string];

/**
 * Reads the doc lines of exported schemas of valibot from TypeScript. What a schema takes over from
 * another has the words of that one, unless it has its own.
 */
export function readWords(sources: Iterable<string>): Words {
  const words: Words = new Map();
  const spreads: Spread[] = [];
  for (const text of sources) readSource(text, words, spreads);
  for (const [name, other] of spreads) {
    for (const [place, said] of [...words]) {
      const own = `${name}${place.slice(other.length)}`;
      if (place.startsWith(`${other}.`) && !words.has(own)) words.set(own, said);
    }
  }
  return new Map([...words].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readSource(text: string, words: Words, spreads: Spread[]): void {
  const { program, comments } = parseSync('schemas.ts', text);
  const saidBefore = (start: number): string | undefined => {
    const comment = comments.findLast(({ end }) => end <= start);
    const isNear = comment !== undefined && text.slice(comment.end, start).trim() === '';
    return isNear && comment.value.startsWith('*') ? plain(comment.value) : undefined;
  };
  const note = (name: string, start: number) => {
    const said = saidBefore(start);
    if (said !== undefined) words.set(name, said);
  };
  const readFields = (node: unknown, place: string): void => {
    for (const object of objectsIn(node)) {
      for (const property of object['properties'] as Node[]) {
        const key = property['key'] as { name?: string; value?: string } | undefined;
        const name = key?.name ?? key?.value;
        const other = /^\.\.\.(\w+)\.entries/.exec(text.slice(property.start))?.[1];
        if (other !== undefined) spreads.push([place, other]);
        if (property.type !== 'Property' || name === undefined) continue;
        note(`${place}.${name}`, property.start);
        readFields(property['value'], `${place}.${name}`);
      }
    }
  };
  for (const statement of program.body as unknown as Node[]) {
    const declaration = statement['declaration'] as Node | null | undefined;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration['declarations'] as { id: Node; init: Node }[]) {
      const name = String(id['name']);
      if (!/^v\.\w+\(/.test(text.slice(init.start))) continue;
      note(name, statement.start);
      readFields(init, name);
    }
  }
}

/** The objects that stand in a call, or in calls in it: the fields of a schema. */
function objectsIn(node: unknown): Node[] {
  const { type, arguments: given = [] } = node as Node & { arguments?: Node[] };
  if (type === 'ObjectExpression') return [node as Node];
  return type === 'CallExpression' ? given.flatMap(objectsIn) : [];
}

/** A comment as running text. */
const plain = (comment: string): string =>
  comment
    .replaceAll(/^\s*\*+ ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
