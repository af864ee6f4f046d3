import { describe, expect, it } from 'vitest';
import { replaceReport } from '../document.ts';
import { EXACT_COMMAND, type ExactReport, renderReport } from './document.ts';

const cell = (row: string, column: string, differing: number) => ({
  row,
  column,
  bytes: 4_000,
  differing,
  largest: differing === 0 ? 0 : 1.3e-7,
});
const report: ExactReport = {
  conditions: { cpu: 'Test | CPU' },
  engines: [{ name: 'V8 in Node', version: 'Node 20', threads: [1, 2] }],
  absent: [{ name: 'SpiderMonkey', reason: 'not on the PATH' }],
  runtime: [{ name: 'ort.wasm', sha256: 'ab'.repeat(32), pinned: false }],
  pinnedLevel: 'all',
  reference: 'V8 in Node, 1 thread',
  cases: 12,
  places: [cell('gemm', 'Node, 2 threads', 0), cell('conv', 'Node, 2 threads', 3)],
  engineCells: [cell('gemm', 'Node, 2 threads', 0)],
  differing: [cell('conv, unit of 1, level all', 'Node, 2 threads', 3)],
  levels: [cell('gemm', 'basic', 0), cell('conv', 'basic', 1_250), cell('conv', 'disabled', 9)],
  batches: [cell('gemm', '8', 17)],
  refused: ['resize at level all, Bun, 1 thread: no\nkernel'],
};

describe('the document of exactness', () => {
  const text = renderReport(report);

  it('tells the sum, each place and model, and what was not run with its reason', () => {
    expect(text).toContain('Of all against V8 in Node, 1 thread: **3 of 8,000 bytes differ**.');
    expect(text).toContain('same number of threads: **0 of 4,000 bytes differ**.');
    expect(text).toContain('| conv, unit of 1, level all | 3 of 4,000, 1.3e-7 | Node, 2 threads |');
    expect(text).toContain(
      '| place | gemm | conv |\n| --- | --- | --- |\n| Node, 2 threads | 0 | 3 |',
    );
    expect(text).toContain('- SpiderMonkey: not on the PATH\n- resize at level all');
    expect(text).toContain('1 thread: no kernel');
    expect(text).toContain('**not** the pinned build');
    expect(text).toContain('Test \\| CPU');
  });

  it('tells known differences with their size, and a dash where nothing was compared', () => {
    expect(text).toContain('| gemm | 0 of 4,000 | – |');
    expect(text).toContain('| conv | 1,250 of 4,000, 1.3e-7 | 9 of 4,000, 1.3e-7 |');
    expect(text).toContain('| gemm | 17 of 4,000, 1.3e-7 |');
  });

  it('says so when nothing was left out', () => {
    expect(renderReport({ ...report, absent: [], refused: [] })).toContain('Nothing was left out.');
  });

  it('replaces what is between the markers, and nothing else', () => {
    const begin = '<!-- begin: npm run bench -- exact --install --write -->';
    const document = `# Title\n\n${begin}\nold\n<!-- end -->\n\nAfter\n`;
    const next = replaceReport(document, EXACT_COMMAND, 'new');
    expect(next).toBe(`# Title\n\n${begin}\n\nnew\n<!-- end -->\n\nAfter\n`);
    expect(replaceReport(next, EXACT_COMMAND, 'new')).toBe(next);
    expect(() => replaceReport('# Title', EXACT_COMMAND, 'new')).toThrow('has no');
  });
});
