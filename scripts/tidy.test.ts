import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkCircles, checkFolderOrder } from './tidy/circles.ts';
import { checkLinks, checkPlaces } from './tidy/documents.ts';
import { checkGlossary } from './tidy/glossary.ts';
import { checkImports } from './tidy/imports.ts';
import { checkLibraries } from './tidy/libraries.ts';
import {
  BANNED_NAMES,
  checkAssertions,
  checkNames,
  checkNotes,
  checkSlowTests,
} from './tidy/names.ts';
import { checkReach } from './tidy/reach.ts';
import { checkSizes, warnSizes } from './tidy/sizes.ts';
import { describeFinding, readTree, type Tree } from './tidy/tree.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tree = readTree(root);
const rules = {
  'imports follow the table of the layout': checkImports,
  'no import loops, types included': checkCircles,
  'folders of a core import what stands below them': (tree: Tree) => checkFolderOrder(tree),
  'a library is wrapped by one file of a part, and by none in pure code': checkLibraries,
  'files and functions are short and take few parameters': checkSizes,
  'pure code sees no clock, chance or world': checkNames,
  'no notes without an issue, no default exports': checkNotes,
  'every test file asserts': checkAssertions,
  'a test that starts something is named slow': checkSlowTests,
  'links in documents lead somewhere': checkLinks,
  'terms of the glossary are in use, retired ones are not': checkGlossary,
  'no machine paths or registry hosts': checkPlaces,
  'every source file is reached': checkReach,
};

describe('tidy', () => {
  for (const [name, rule] of Object.entries(rules)) {
    it(name, () => expect(rule(tree).map(describeFinding)).toEqual([]));
  }

  it('sees the repository', () => {
    expect(tree.sources.size).toBeGreaterThan(20);
    for (const finding of warnSizes(tree)) process.stderr.write(`${describeFinding(finding)}\n`);
  });

  it('bans the same names in Biome, so that an editor says it first', () => {
    const biome = readFileSync(new URL('../biome.json', import.meta.url), 'utf8');
    const names = Object.keys(BANNED_NAMES).filter((name) => !name.includes('.'));
    expect(names.filter((name) => !biome.includes(`"${name}":`))).toEqual([]);
  });
});
