/** One table of the study, for a terminal or a page. */
export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

export const mark = (good: boolean): string => (good ? 'yes' : '**no**');
export const passes = (share: number): string => `${(share * 100).toFixed(2)} %`;
/** A cost in C. */
export const costWords = (cost: number): string =>
  cost === 1 ? 'C' : cost < 1 ? `C ÷ ${count(1 / cost)}` : `${count(cost)} C`;
export const count = (units: number): string => Math.round(units).toLocaleString('en');

/** For a terminal: columns as wide as their longest cell, long cells cut. */
export function printTable({ title, head, rows }: Table): string {
  const cut = (cell: string): string => {
    const plain = cell.replaceAll('**', '');
    return plain.length > CELL_MAX ? `${plain.slice(0, CELL_MAX - 1)}…` : plain;
  };
  const all = [head, ...rows].map((row) => row.map(cut));
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines].join('\n');
}

const CELL_MAX = 56;

export function markdownTable({ title, head, rows }: Table): string {
  const line = (row: string[]): string => `| ${row.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join(
    '\n',
  );
}
