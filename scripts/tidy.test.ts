import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkBareStrings } from './tidy/bare-strings.ts';
import { checkCircles, checkFolderOrder } from './tidy/circles.ts';
import { checkDocLines } from './tidy/doc-lines.ts';
import { checkLinks, checkPlaces, checkScripts } from './tidy/documents.ts';
import { checkGlossary } from './tidy/glossary.ts';
import { checkImports } from './tidy/imports.ts';
import { checkKinds } from './tidy/kinds.ts';
import { checkLibraries } from './tidy/libraries.ts';
import {
  checkAssertions,
  checkChance,
  checkDeadlines,
  checkNotes,
  checkSlowTests,
} from './tidy/names.ts';
import { checkReach } from './tidy/reach.ts';
import { describeFinding, readTree, type Tree } from './tidy/tree.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tree = readTree(root);
const rules = {
  'imports follow the table of the layout': checkImports,
  'no import loops, types included': checkCircles,
  'folders of a core import what stands below them': (tree: Tree) => checkFolderOrder(tree),
  'leasing, trust and money know no kind of job': checkKinds,
  'a library is wrapped by one file of a part, and by none in pure code': checkLibraries,
  'pure code sees no chance': checkChance,
  'no wait ends by a signal that Node may collect': checkDeadlines,
  'no notes without an issue': checkNotes,
  'every test file asserts': checkAssertions,
  'a test that starts something is named slow': checkSlowTests,
  'links in documents lead somewhere': checkLinks,
  'commands in documents are there': checkScripts,
  'terms of the glossary are in use, retired ones are not': checkGlossary,
  'no machine paths or registry hosts': checkPlaces,
  'an export that another folder imports has a doc line': checkDocLines,
  'every source file is reached': checkReach,
  'words of the page are in its catalogues': checkBareStrings,
};

describe('tidy', () => {
  for (const [name, rule] of Object.entries(rules)) {
    it(name, () => expect(rule(tree).map(describeFinding)).toEqual([]));
  }

  it('sees the repository', () => expect(tree.sources.size).toBeGreaterThan(20));
});
