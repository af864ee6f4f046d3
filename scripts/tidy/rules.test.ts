import { describe, expect, it } from 'vitest';
import { checkBareStrings } from './bare-strings.ts';
import { checkCircles, checkFolderOrder } from './circles.ts';
import { checkDocLines } from './doc-lines.ts';
import { checkLinks, checkPlaces, checkScripts } from './documents.ts';
import { checkGlossary, GLOSSARY, RETIRED_TERMS } from './glossary.ts';
import { checkImports } from './imports.ts';
import { checkKinds } from './kinds.ts';
import { checkLibraries } from './libraries.ts';
import {
  checkAssertions,
  checkChance,
  checkDeadlines,
  checkNotes,
  checkSlowTests,
} from './names.ts';
import { checkReach } from './reach.ts';
import { describeFinding, type Finding, makeTree, type Tree } from './tree.ts';

const run = (rule: (tree: Tree) => Finding[], files: Record<string, string>): string[] =>
  rule(makeTree(new Map(Object.entries(files)))).map(describeFinding);
const _lines = (count: number) =>
  Array.from({ length: count }, (_, at) => `use(${at});`).join('\n');

describe('import directions', () => {
  const files = {
    'protocol/job.ts': '',
    'client/grid.ts': '',
    'node/files.ts': '',
    'hub/core/lease.ts': '',
    'hub/edge/store.ts': '',
    'chain-dev/svm.ts': '',
    'worker/core/unit.ts': '',
    'cli/run.ts': '',
    'worker/main.ts': '',
    'web/edge/socket.ts': '',
  };
  const imports = (path: string, specifier: string) =>
    run(checkImports, { ...files, [path]: `import { a } from '${specifier}';` });

  it.each([
    ['protocol/a.ts', '../hub/core/lease.ts', 'nothing of ours'],
    ['hub/core/a.ts', '../edge/store.ts', 'hub/core imports hub/edge'],
    ['hub/edge/a.ts', '../../worker/core/unit.ts', 'hub/edge imports worker/core'],
    ['web/ui/a.tsx', '../edge/socket.ts', 'web/ui imports web/edge'],
    ['sim/a.ts', '../hub/edge/store.ts', 'sim imports hub/edge'],
    ['e2e/a.ts', '#protocol/job.ts', 'e2e imports protocol'],
    ['scripts/a.ts', '../hub/edge/store.ts', 'scripts imports hub/edge'],
    ['hub/core/a.test.ts', '../edge/store.ts', 'hub/core imports hub/edge'],
    ['hub/core/a.ts', '#client/grid.ts', 'hub/core imports client'],
    ['client/a.ts', '#node/files.ts', 'client imports node'],
    ['web/ui/a.tsx', '#client/grid.ts', 'web/ui imports client'],
    ['web/edge/a.ts', '#node/files.ts', 'web/edge imports node'],
    ['worker/edge/a.ts', '#node/files.ts', 'worker/edge imports node'],
    ['hub/core/a.ts', './leese.ts', 'does not exist'],
    ['hub/edge/a.ts', '../../chain-dev/svm.ts', 'hub/edge imports chain-dev'],
    ['chain-dev/a.ts', '../hub/edge/store.ts', 'chain-dev imports hub/edge'],
    ['cli/a.ts', '../hub/edge/store.ts', 'cli imports hub/edge'],
    ['client/a.ts', '../cli/run.ts', 'client imports cli'],
  ])('catches %s importing %s', (path, specifier, part) => {
    expect(imports(path, specifier)).toEqual([expect.stringContaining(part)]);
  });

  it.each([
    ['hub/core/a.ts', '#protocol/job.ts'],
    ['hub/edge/a.ts', '../core/lease.ts'],
    ['hub/main.ts', './edge/store.ts'],
    ['hub/edge/a.test.ts', './store.ts'],
    ['sim/a.ts', '../worker/core/unit.ts'],
    ['web/edge/a.ts', '#client/grid.ts'],
    ['scripts/a.ts', '#client/grid.ts'],
    ['hub/edge/a.ts', '#node/files.ts'],
    ['cli/a.ts', '#client/grid.ts'],
    ['cli/a.ts', '#node/files.ts'],
    ['worker/edge/node/a.ts', '#node/files.ts'],
    ['chain-dev/a.ts', '#node/files.ts'],
    ['web/edge/a.ts', '../../worker/main.ts?worker&url'],
  ])('lets %s import %s', (path, specifier) => {
    expect(imports(path, specifier)).toEqual([]);
  });

  it('sees types, re-exports and lazy imports', () => {
    const text = [
      "import type { A } from '../edge/store.ts';",
      "export * from '../edge/store.ts';",
      "const lazy = () => import('../edge/store.ts');",
      "type B = import('../edge/store.ts').B;",
    ].join('\n');
    expect(run(checkImports, { ...files, 'hub/core/a.ts': text })).toHaveLength(4);
  });
});

describe('import loops', () => {
  const files = {
    'hub/core/a.ts': "import type { B } from './b.ts';",
    'hub/core/b.ts': "export * from './c.ts';",
    'hub/core/c.ts': "const lazy = () => import('./a.ts');",
    'hub/core/apart.ts': "import './a.ts';",
  };
  const circles = (texts: Record<string, string>) => run(checkCircles, texts);

  it('a loop of types, re-exports and lazy imports is refused with its way round', () => {
    expect(circles(files)).toHaveLength(3);
    expect(circles(files)[0]).toContain(
      'hub/core/a.ts → hub/core/b.ts → hub/core/c.ts → hub/core/a.ts. Move what one of them takes',
    );
  });

  it('a loop through a test, an alias or the file itself is refused', () => {
    const both = {
      'hub/core/a.test.ts': "import './fake.ts';",
      'hub/core/fake.ts': "import './a.test.ts';",
    };
    expect(circles(both)).toHaveLength(2);
    const alias = {
      'protocol/a.ts': "import '#protocol/b.ts';",
      'protocol/b.ts': "import './a.ts';",
    };
    expect(circles(alias)).toHaveLength(2);
    expect(circles({ 'hub/core/a.ts': "import './a.ts';" })).toHaveLength(1);
  });

  it('the address of a worker is no import', () => {
    const texts = {
      'web/edge/a.ts': "import url from './b.ts?worker&url';",
      'web/edge/b.ts': "import './a.ts';",
    };
    expect(circles(texts)).toEqual([]);
  });
});

describe('the order of folders', () => {
  const files = {
    'hub/core/state/job.ts': '',
    'hub/core/trust/fit.ts': "import '../state/job.ts';",
    'hub/core/hub.ts': "import './trust/fit.ts';",
  };
  const check = (texts: Record<string, string>) =>
    run((tree) => checkFolderOrder(tree, { 'hub/core': ['state', 'trust', 'hub.ts'] }), {
      ...files,
      ...texts,
    });

  it('an import from a folder that stands later is refused', () => {
    expect(check({})).toEqual([]);
    const found = check({ 'hub/core/state/job.ts': "import type { F } from '../trust/fit.ts';" });
    expect(found).toEqual([
      expect.stringContaining('state imports hub/core/trust/fit.ts, which stands later'),
    ]);
  });

  it('a folder without a place is refused', () => {
    expect(check({ 'hub/core/money/book.ts': '' })).toEqual([
      expect.stringContaining('money has no place in the order of hub/core'),
    ]);
  });

  it('a test sees its whole core, and other parts are free', () => {
    const texts = {
      'hub/core/state/job.test.ts': "import '../hub.ts';",
      'hub/edge/a.ts': "import '../core/hub.ts';",
    };
    expect(check(texts)).toEqual([]);
  });
});

describe('kinds of jobs', () => {
  it.each([
    ["import { unitBytes } from '#protocol/tensors/tensor.ts';", 'imports #protocol/tensors'],
    ["import { graph } from '../kinds/graph.ts';", 'imports ../kinds/graph.ts'],
    ['const size = job.manifest?.runtime.outputs.length;', 'reads runtime'],
    ['const { draft } = job.record;', 'reads draft'],
  ])('catches leasing that has %s', (text, part) => {
    const found = run(checkKinds, { 'hub/core/leasing/lease.ts': text });
    expect(found).toEqual([expect.stringContaining(part)]);
  });

  it('allows what is asked of the kind, and jobs to read their draft', () => {
    const asked = "/** Of a draft. */\nimport { kindOf } from '../kinds/kind-of.ts';";
    const files = { 'hub/core/trust/fit.ts': asked, 'hub/core/jobs/recut.ts': 'use(draft);' };
    expect(run(checkKinds, files)).toEqual([]);
  });
});

describe('libraries', () => {
  it('catches a Node module and a library in pure code', () => {
    const text = "import 'node:fs';\nimport { z } from 'zod';";
    expect(run(checkLibraries, { 'hub/core/a.ts': text })).toHaveLength(2);
  });

  it('catches a second file that wraps a library of the same part', () => {
    const text = "import { WebSocket } from 'ws';";
    const found = run(checkLibraries, {
      'hub/edge/a.ts': text,
      'hub/edge/b.ts': text,
      'verifier/edge/a.ts': text,
    });
    expect(found).toEqual([expect.stringMatching(/^hub\/edge\/b\.ts:1 .*hub\/edge\/a\.ts/)]);
  });

  it('catches a virtual machine outside of the parts that run a chain', () => {
    const text = "import { LiteSVM } from 'litesvm';";
    const files = { 'hub/edge/a.ts': text, 'chain-dev/a.ts': text, 'programs/a.ts': text };
    expect(run(checkLibraries, files)).toEqual([
      expect.stringMatching(/^hub\/edge\/a\.ts:1 .*by its URL/),
    ]);
  });

  it('allows what has a reason', () => {
    expect(run(checkLibraries, { 'protocol/a.ts': "import * as v from 'valibot';" })).toEqual([]);
    expect(run(checkLibraries, { 'web/ui/a.tsx': "import { h } from 'preact/hooks';" })).toEqual(
      [],
    );
  });
});

describe('names', () => {
  it('catches chance in pure code', () => {
    const text = 'const roll = Math.random();';
    expect(run(checkChance, { 'hub/core/a.ts': text })).toHaveLength(1);
    expect(run(checkChance, { 'protocol/a.ts': text })).toHaveLength(1);
    expect(run(checkChance, { 'hub/edge/a.ts': text })).toEqual([]);
  });

  it('catches signals made of others', () => {
    const text = 'const signal = AbortSignal.any([gone, late]);';
    expect(run(checkDeadlines, { 'web/edge/a.ts': text })).toHaveLength(1);
    expect(run(checkDeadlines, { 'web/edge/a.ts': 'openDeadline(1, gone);' })).toEqual([]);
  });

  it('catches notes without an issue', () => {
    const note = ['// TO', 'DO: later'].join('');
    const issue = ['// TO', 'DO(#12): later'].join('');
    expect(run(checkNotes, { 'hub/core/a.ts': note })).toHaveLength(1);
    expect(run(checkNotes, { 'hub/core/a.ts': issue })).toEqual([]);
  });

  it('catches a test that asserts nothing', () => {
    const text = (body: string) => `import { it } from 'vitest';\nit('works', () => { ${body} });`;
    expect(run(checkAssertions, { 'hub/core/a.test.ts': text('step();') })).toHaveLength(1);
    expect(run(checkAssertions, { 'hub/core/a.test.ts': text('expect(1).toBe(1);') })).toEqual([]);
    expect(run(checkAssertions, { 'hub/core/a.test.ts': text('fc.assert(p);') })).toEqual([]);
  });
});

describe('documents', () => {
  it('catches links and pictures that lead nowhere', () => {
    const text = '[a](docs/a.md) [b](b.md#part) ![c](c.png)\n<img src="d.png"> [w](https://x.org)';
    const found = run(checkLinks, { 'README.md': text, 'docs/a.md': '', 'c.png': '' });
    expect(found).toEqual([expect.stringContaining('b.md'), expect.stringContaining('d.png')]);
  });

  it('resolves links from the document, folders included', () => {
    const files = {
      'docs/a.md': '[up](../README.md) [folder](../hub/)',
      'README.md': '',
      'hub/a.ts': '',
    };
    expect(run(checkLinks, files)).toEqual([]);
  });

  it('catches commands that package.json has not', () => {
    const files = {
      'package.json': '{"scripts":{"hub":"tsx hub/main.ts","chain:init":"x"}}',
      'docs/a.md': 'npm run hub -- --port 1\n`npm run -s hubb` npm run --silent chain:init',
    };
    expect(run(checkScripts, files)).toEqual([expect.stringContaining('a.md:2  npm run -s hubb')]);
  });

  it('catches machine paths and registry hosts', () => {
    const text = ['see /', 'root/key\nor https://registry.', 'npmjs.org/x'].join('');
    expect(run(checkPlaces, { 'docs/a.md': text })).toHaveLength(2);
    expect(run(checkPlaces, { 'scripts/a.ts': "import './work/queue.ts'; // and/work/x" })).toEqual(
      [],
    );
  });
});

describe('glossary', () => {
  const head = '| term | meaning | where |\n| --- | --- | --- |\n';
  const retired = Object.keys(RETIRED_TERMS).map((term) => `| **${term}** | gone | none |`);
  const glossary = (rows: string, more = '') =>
    `${head}${rows}\n\n## Retired terms\n\n${retired.join('\n')}\n${more}`;
  const job = '| **job** | what is posted | `hub/core/` |';
  const leaf = '| **leaf file** | both tables | `hub/core/`, `docs/` |';
  const code = { 'hub/core/a.ts': 'openJob(leafFile);', 'docs/a.md': 'The leaf file.' };

  it('takes terms that are in use in each folder they name', () => {
    const files = { ...code, [GLOSSARY]: glossary(`${job}\n${leaf}`) };
    expect(run(checkGlossary, files)).toEqual([]);
  });

  it('catches a term that is in use in no file of a folder, or that names no folder', () => {
    const rows = `${job}\n| **lease** | lent | \`hub/core/\` |\n| **shard** | a run | hub |`;
    expect(run(checkGlossary, { ...code, [GLOSSARY]: glossary(rows) })).toEqual([
      expect.stringContaining('lease is not in use in hub/core/'),
      expect.stringContaining('shard is not in use in a folder'),
    ]);
  });

  it('catches a term with two meanings', () => {
    const files = { ...code, [GLOSSARY]: glossary(`${job}\n${job}`) };
    expect(run(checkGlossary, files)).toEqual([expect.stringContaining(`${GLOSSARY}:4  job`)]);
  });

  it('catches retired terms that its page does not list, and listed ones without a pattern', () => {
    const rows = glossary(job).replace('| **seal** |', '| **broom** |');
    expect(run(checkGlossary, { ...code, [GLOSSARY]: rows })).toEqual([
      expect.stringContaining('seal is retired and not listed'),
      expect.stringContaining('broom has no pattern'),
    ]);
  });

  it.each([
    ['hub/core/b.ts', 'interface Appeal {}'],
    ['docs/b.md', 'Ask for `assurance: 2`, or assurance 3.'],
    ['hub/core/b.ts', 'export const isAuditor = true;'],
    ['hub/core/b.ts', 'const noteDrift = 1;'],
    ['verifier/core/b.ts', 'drawCanaries();'],
    ['web/ui/b.tsx', '<p>a forced error</p>'],
    ['hub/core/b.ts', 'const run = { leg: 2 };'],
    ['docs/b.md', 'A network share is at most half of a job.'],
    ['verifier/core/b.ts', "type Message = 'unseal';"],
    ['docs/b.md', 'It asks a second device.'],
  ])('catches in %s: %s', (path, text) => {
    const found = run(checkGlossary, { ...code, [GLOSSARY]: glossary(job), [path]: text });
    expect(found).toEqual([expect.stringContaining('is retired')]);
  });

  it.each([
    ['hub/edge/store/migrations.ts', 'drop("table seal")'],
    ['docs/verification.md', 'the second device'],
    ['hub/core/b.ts', "elegant(legend, 'assurance', auditOrder, seale);"],
    ['docs/b.txt', 'appeal'],
  ])('lets %s say %s', (path, text) => {
    const files = { ...code, [GLOSSARY]: glossary(job), [path]: text };
    expect(run(checkGlossary, files)).toEqual([]);
  });
});

describe('reach', () => {
  it('catches a file that nothing comes to, and follows imports, URLs and names', () => {
    const found = run(checkReach, {
      'package.json': '{ "scripts": { "hub": "tsx hub/main.ts" } }',
      'index.html': '<script type="module" src="/web/main.tsx"></script>',
      'web/main.tsx': "const worker = new URL('../worker/main.ts', import.meta.url);",
      'worker/main.ts': '',
      'hub/main.ts': "import './edge/a.ts'; start('verifier/main.ts');",
      'hub/edge/a.ts': '',
      'verifier/main.ts': '',
      'hub/edge/dead.ts': "import './a.ts';",
      'hub/core/a.test.ts': "import { a } from './a.ts';",
      'hub/core/a.ts': '',
    });
    expect(found).toEqual([expect.stringContaining('hub/edge/dead.ts')]);
  });
});

describe('doc lines', () => {
  const used = "import { f } from '../core/a.ts';";

  it('an export without one is named where another folder imports it', () => {
    const bare = { 'hub/core/a.ts': 'export const f = 1;' };
    const found = run(checkDocLines, { ...bare, 'hub/edge/b.ts': used });
    expect(found).toEqual([expect.stringContaining('hub/core/a.ts:1  f is imported')]);
    expect(run(checkDocLines, bare)).toEqual([]);
  });

  it('a comment above an export is its doc line, one that stands apart is not', () => {
    const files = (gap: string) => ({
      'hub/core/a.ts': `/** One. */\n${gap}export const f = 1;`,
      'hub/edge/b.ts': used,
    });
    expect(run(checkDocLines, files(''))).toEqual([]);
    expect(run(checkDocLines, files('\n'))).toHaveLength(1);
  });
});

describe('slow tests', () => {
  const starting = "import { spawn } from 'node:child_process';";

  it.each(['hub/main.test.ts', 'scripts/a.test.ts'])(
    'a test that starts a process is refused as %s',
    (path) => {
      expect(run(checkSlowTests, { [path]: starting })).toEqual([
        expect.stringContaining('call it x.slow.test.ts'),
      ]);
      const lane = "import { openComputeWorkers } from './compute-workers.ts';";
      expect(run(checkSlowTests, { [path]: lane })).toHaveLength(1);
    },
  );

  it.each(['hub/main.slow.test.ts', 'programs/build/a.test.ts', 'scripts/a.ts'])(
    '%s may start a process',
    (path) => {
      expect(run(checkSlowTests, { [path]: starting })).toEqual([]);
    },
  );
});

describe('words of the page', () => {
  it.each([
    ['web/ui/a.tsx', 'const A = () => <p>Hello you</p>;'],
    ['web/ui/a.tsx', "const A = () => <i title={isOn ? 'On' : 'Off'} />;"],
    ['web/core/a.ts', 'const say = (n: number) => `$'.concat('{n} units done`;')],
    ['web/core/a.ts', 'const say = (n: number) => t`$'.concat("{n > 1 ? 'more of them' : n}`;")],
    ['web/edge/a.ts', "refuse('busy', 'Try it again.');"],
  ])('are caught outside of the catalogues, in %s: %s', (path, text) => {
    expect(run(checkBareStrings, { [path]: text })).not.toEqual([]);
  });

  it.each([
    ['web/ui/a.tsx', 'const A = () => <Trans>Hello <b>you</b></Trans>;'],
    ['web/ui/a.tsx', 'const A = () => <p class="soft small">{t`Hello you`}</p>;'],
    [
      'web/core/a.ts',
      'const say = (n: number) => t`$'.concat(
        "{plural(n, { one: '# unit', other: '# units' })} done`;",
      ),
    ],
    ['web/core/a.ts', "throw new Error('no such thing');"],
    ['web/core/a.test.ts', "test('a page speaks', () => {});"],
    ['hub/core/a.ts', "refuse('busy', 'Try it again.');"],
  ])('are in the catalogues, or seen by no reader, in %s: %s', (path, text) => {
    expect(run(checkBareStrings, { [path]: text })).toEqual([]);
  });
});
