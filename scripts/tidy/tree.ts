import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseSyntax, type Syntax } from './syntax.ts';

/** What a rule has to say about one place; `message` names the replacement. */
export interface Finding {
  path: string;
  line: number;
  message: string;
}

/** The files of a repository by their path from its root, `/` between folders. */
export interface Tree {
  /** Every file's text; binary files are left out. */
  texts: Map<string, string>;
  /** Parsed `.ts` and `.tsx` files, declarations (`.d.ts`) left out. */
  sources: Map<string, Syntax>;
  /** Whether a path names a file or folder, binary files included. */
  exists(path: string): boolean;
}

/** `hub/edge/store.ts:12  message`. */
export const describeFinding = ({ path, line, message }: Finding): string =>
  `${path}:${line}  ${message}`;

export function isTest(path: string): boolean {
  return /\.(test|spec|contract)\.tsx?$/.test(path);
}

/** Reads what git tracks or would track in the working tree under `root`. */
export function readTree(root: string): Tree {
  return makeTree(readTexts(root), (path) => existsSync(join(root, path)));
}

/** The texts of these files alone, by their path; binary files are left out. */
export function readTexts(root: string): Map<string, string> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', list, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)));
  const texts = new Map<string, string>();
  for (const path of paths) {
    if (!statSync(join(root, path)).isFile()) continue;
    const bytes = readFileSync(join(root, path));
    if (!bytes.subarray(0, 8000).includes(0)) texts.set(path, bytes.toString('utf8'));
  }
  return texts;
}

/** A tree from texts alone, for rules' own tests. */
export function makeTree(
  texts: Map<string, string>,
  exists = (path: string) => [...texts.keys()].some((each) => `${each}/`.startsWith(`${path}/`)),
): Tree {
  const sources = new Map<string, Syntax>();
  for (const [path, text] of texts) {
    if (/(?<!\.d)\.tsx?$/.test(path)) sources.set(path, parseSyntax(path, text));
  }
  return { texts, sources, exists };
}
