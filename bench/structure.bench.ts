import { openProgram } from './command.ts';
import type { Bench } from './figure.ts';

const ANSWER_MS_MAX = 60_000;
/** What the same count gave at commit c66a133, before the house was put in order. */
const LINES_BEFORE = { product: 47_196, tools: 9_758, tests: 39_506 };

interface Shape {
  loops: number;
  loopedFiles: number;
  walks: Record<'verdict' | 'reveal' | 'commit' | 'request', string[]>;
  lines: typeof LINES_BEFORE;
}

/**
 * The shape of the code: import loops, how many files of the hub's core a verdict can get to
 * between the message and the fact that is stored, and lines of source with tests apart.
 */
export const run: Bench = async function* (context) {
  const words = ['scripts/structure/main.ts'];
  const shape = (await openProgram(words, context).hear(
    'loops',
    ANSWER_MS_MAX,
  )) as unknown as Shape;
  yield {
    figure: 'circles',
    value: shape.loops,
    unit: 'loops',
    detail: { files: shape.loopedFiles },
  };
  const { verdict, ...others } = shape.walks;
  yield {
    figure: 'longest-walk',
    value: verdict.length,
    unit: 'files',
    detail: {
      files: verdict.join(' '),
      ...Object.fromEntries(Object.entries(others).map(([name, files]) => [name, files.length])),
    },
  };
  for (const [kind, count] of Object.entries(shape.lines)) {
    const before = LINES_BEFORE[kind as keyof typeof LINES_BEFORE];
    yield { figure: `source-lines-${kind}`, value: count, unit: 'lines', baseline: before };
  }
};
