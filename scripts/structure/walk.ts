import { parseSync } from 'vite';
import { resolveImport } from '../tidy/imports.ts';
import { isTest, type Tree } from '../tidy/tree.ts';

/** One definition: its file and its name there. */
export interface Place {
  path: string;
  name: string;
}

interface Node {
  type: string;
  [field: string]: unknown;
}

/** What one file defines at its top, and what each definition names of others. */
interface Room {
  uses: Map<string, Set<string>>;
  /** Local name to the definition it was imported from. */
  imported: Map<string, Place>;
  /** Exported name to the definition it comes from, for `export { x } from`. */
  passedOn: Map<string, Place>;
}

/**
 * Follows the calls of one function through the files under `folder`, and gives the files it can
 * get to, its own first. Names are followed as the code writes them: a function that is passed on
 * as a value counts as called.
 */
export function walkFrom(tree: Tree, folder: string, start: Place): string[] {
  const rooms = readRooms(tree, folder);
  const seen = new Set<string>();
  const files = new Set<string>();
  const open = [start];
  for (const place of open) {
    const found = settle(rooms, place);
    if (found === undefined || seen.has(nameOf(found))) continue;
    seen.add(nameOf(found));
    files.add(found.path);
    const room = rooms.get(found.path);
    for (const name of room?.uses.get(found.name) ?? []) {
      open.push(room?.imported.get(name) ?? { path: found.path, name });
    }
  }
  return [...files];
}

/**
 * Where a function of this name is defined under a folder. Throws where there is not one such
 * place.
 */
export function findDefinition(tree: Tree, folder: string, name: string): Place {
  const rooms = readRooms(tree, folder);
  const found = [...rooms].filter(([, room]) => room.uses.has(name)).map(([path]) => path);
  const [path] = found;
  if (path === undefined || found.length > 1) {
    throw new Error(`${found.length} files under ${folder} define ${name}; one should`);
  }
  return { path, name };
}

const nameOf = ({ path, name }: Place): string => `${path}#${name}`;

/** The file that really defines a name, through files that only pass it on. */
function settle(rooms: Map<string, Room>, place: Place): Place | undefined {
  const room = rooms.get(place.path);
  if (room === undefined) return undefined;
  const next = room.passedOn.get(place.name);
  if (next !== undefined) return settle(rooms, next);
  return room.uses.has(place.name) ? place : undefined;
}

function readRooms(tree: Tree, folder: string): Map<string, Room> {
  const rooms = new Map<string, Room>();
  for (const path of tree.sources.keys()) {
    if (!path.startsWith(folder) || isTest(path)) continue;
    rooms.set(path, readRoom(path, tree.texts.get(path) ?? ''));
  }
  return rooms;
}

function readRoom(path: string, text: string): Room {
  const room: Room = { uses: new Map(), imported: new Map(), passedOn: new Map() };
  const program = parseSync(path, text).program as unknown as Node;
  for (const statement of program['body'] as Node[]) {
    const source = (statement['source'] as Node | null)?.['value'];
    if (typeof source === 'string') readNames(room, statement, resolveImport(path, source));
    else defineNames(room, statement);
  }
  return room;
}

function readNames(room: Room, statement: Node, target: string | undefined): void {
  if (target === undefined) return;
  for (const each of (statement['specifiers'] as Node[] | undefined) ?? []) {
    const [imported, local] = [each['imported'] as Node, each['local'] as Node];
    if (each.type === 'ImportSpecifier') {
      room.imported.set(String(local['name']), { path: target, name: String(imported['name']) });
    } else if (each.type === 'ExportSpecifier') {
      const exported = each['exported'] as Node;
      room.passedOn.set(String(exported['name']), { path: target, name: String(local['name']) });
    }
  }
}

function defineNames(room: Room, statement: Node): void {
  const declared = (statement['declaration'] as Node | null) ?? statement;
  if (declared.type === 'FunctionDeclaration') {
    room.uses.set(String((declared['id'] as Node)['name']), namesIn(declared));
  }
  for (const each of (declared['declarations'] as Node[] | undefined) ?? []) {
    const id = each['id'] as Node;
    if (id.type === 'Identifier') room.uses.set(String(id['name']), namesIn(each));
  }
}

/** Every identifier below a node that may be a value, types left out. */
function namesIn(node: Node, into = new Set<string>()): Set<string> {
  for (const [key, value] of Object.entries(node)) {
    if (key === 'typeAnnotation' || key === 'returnType' || key === 'typeArguments') continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child !== 'object' || child === null) continue;
      const below = child as Node;
      if (below.type === 'Identifier') into.add(String(below['name']));
      else if (typeof below.type === 'string') namesIn(below, into);
    }
  }
  return into;
}
