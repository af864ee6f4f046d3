import { percent } from './attack-row.ts';
import { FRACTIONS, GOAL } from './goal.ts';
import type { Study } from './study.ts';

/** One line of a plot; `y` in the plot's own unit. */
interface Series {
  name: string;
  points: { x: number; y: number }[];
}

interface Plot {
  title: string;
  x: { name: string; label(value: number): string };
  y: { name: string; label(value: number): string; least: number; most: number };
  series: Series[];
  goal?: { y: number; name: string } | undefined;
}

const [WIDTH, HEIGHT] = [720, 400];
const BOX = { left: 76, right: 560, top: 44, bottom: 340 };

/** Text and lines follow the reader's scheme; the hues hold on white and on near-black alike. */
const STYLE = `
  svg { font: 13px system-ui, sans-serif; }
  text { fill: #1f2328; } .axis { stroke: #59636e; } .grid { stroke: #d1d9e0; }
  .goal { stroke: #59636e; stroke-dasharray: 6 4; } .line { fill: none; stroke-width: 2.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .axis { stroke: #9198a1; } .grid { stroke: #3d444d; } .goal { stroke: #9198a1; }
  }`.trim();
const HUES = ['#0f8a7e', '#c2703d', '#7a6ff0', '#b0457b', '#5b8a3a'];

/** The plots of the document by file name. Deterministic: no clock, fixed digits. */
export function drawPlots(study: Study): Map<string, string> {
  return new Map([
    ['released.svg', drawPlot(sharePlot(study, 'released', 1e-3))],
    ['delivered.svg', drawPlot(sharePlot(study, 'delivered', 3e-3))],
    ['overhead.svg', drawPlot(costPlot(study))],
  ]);
}

function sharePlot(study: Study, measure: 'released' | 'delivered', goal: number): Plot {
  const rules = [
    ['ours', GOAL.power, 'ours, d = 0.999'],
    ['ours', 0.9, 'ours, d = 0.9'],
    ['free names', GOAL.power, 'free names, d = 0.999'],
    ['flat 5 %', GOAL.power, 'flat 5 %'],
    ['BOINC', 1, 'BOINC'],
  ] as const;
  const series = rules.map(([rule, power, name]) => ({
    name,
    points: study.worst
      .filter(
        (row) =>
          row.rule === rule &&
          row.power === power &&
          // BOINC releases what it delivers: one figure is both.
          (row.measure === measure || rule === 'BOINC'),
      )
      .map(({ fraction, played }) => ({ x: fraction, y: played })),
  }));
  return {
    title: `Worst bad share of ${measure} units`,
    x: { name: 'share of throughput that the adversary offers', label: percent },
    y: { name: 'bad share', label: perMilleShort, least: 1e-5, most: 1 },
    series,
    goal: { y: goal, name: `goal at f = 30 %: ${perMilleShort(goal)}` },
  };
}

function costPlot({ cost }: Study): Plot {
  const names = [
    ['ours', 0, 'ours, f = 0'],
    ['ours', GOAL.fraction, 'ours, f = 30 %'],
    ['flat 5 %', 0, 'flat 5 %, f = 0'],
    ['BOINC', 0, 'BOINC, f = 0'],
  ] as const;
  return {
    title: 'Forward passes beside the work itself',
    x: { name: 'honest lifetime, units', label: (value) => value.toLocaleString('en') },
    y: { name: 'for each released unit', label: percent, least: 1e-3, most: 1 },
    series: names.map(([rule, fraction, name]) => ({
      name,
      points: cost
        .filter((row) => row.rule === rule && row.fraction === fraction)
        .map(({ life, total }) => ({ x: life, y: total })),
    })),
    goal: { y: 0.05, name: 'goal: 5 %' },
  };
}

const perMilleShort = (share: number): string => `${Number((share * 1000).toPrecision(2))} ‰`;

/** Both axes are logarithmic. */
function drawPlot({ title, x, y, series, goal }: Plot): string {
  const xs = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))];
  xs.sort((a, b) => a - b);
  const [least, most] = [xs[0] ?? FRACTIONS[0], xs.at(-1) ?? 1];
  const place = (value: number, low: number, high: number): number =>
    Math.log(Math.max(value, low) / low) / Math.log(high / low);
  const across = (value: number): number =>
    BOX.left + place(value, least, most) * (BOX.right - BOX.left);
  const up = (value: number): number =>
    BOX.bottom - place(value, y.least, y.most) * (BOX.bottom - BOX.top);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<style>${STYLE}</style>`,
    `<text x="${BOX.left}" y="24" font-weight="600">${title}</text>`,
  ];
  for (let tick = y.least; tick <= y.most * 1.001; tick *= 10) {
    parts.push(hline('grid', up(tick)), label([BOX.left - 8, up(tick) + 4], y.label(tick), 'end'));
  }
  for (const tick of xs)
    parts.push(label([across(tick), BOX.bottom + 20], x.label(tick), 'middle'));
  parts.push(
    hline('axis', BOX.bottom),
    label([(BOX.left + BOX.right) / 2, BOX.bottom + 44], x.name, 'middle'),
  );
  if (goal !== undefined) parts.push(hline('goal', up(goal.y)));
  parts.push(...drawSeries({ series, goal }, { across, up }));
  return `${[...parts, '</svg>'].join('\n')}\n`;
}

interface Scales {
  across(value: number): number;
  up(value: number): number;
}

/** Lines with their names at the right end, and the goal's name among them. */
function drawSeries({ series, goal }: Pick<Plot, 'series' | 'goal'>, { across, up }: Scales) {
  const ends = series.map(({ points }) => up(points.at(-1)?.y ?? 0));
  const spots = spread(goal === undefined ? ends : [...ends, up(goal.y)]);
  const lines = series.flatMap(({ name, points }, at) => {
    const hue = HUES[at % HUES.length];
    const path = points.map((point) => [across(point.x).toFixed(1), up(point.y).toFixed(1)]);
    const spot = spots[at] ?? 0;
    return [
      `<polyline class="line" stroke="${hue}" points="${path.map((each) => each.join(',')).join(' ')}"/>`,
      ...path.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${hue}"/>`),
      `<circle cx="${BOX.right + 14}" cy="${spot.toFixed(1)}" r="4" fill="${hue}"/>`,
      label([BOX.right + 24, spot + 4], name, 'start'),
    ];
  });
  if (goal === undefined) return lines;
  return [...lines, label([BOX.right + 8, (spots.at(-1) ?? 0) + 4], goal.name, 'start')];
}

/** Labels at the lines' ends, moved apart where they would touch. */
function spread(wanted: number[]): number[] {
  const order = wanted.map((spot, at) => ({ spot, at })).sort((a, b) => a.spot - b.spot);
  let last = -Infinity;
  const placed: number[] = [];
  for (const { spot, at } of order) {
    last = Math.max(spot, last + 18);
    placed[at] = last;
  }
  return placed;
}

type Anchor = 'start' | 'middle' | 'end';

const hline = (kind: string, y: number): string =>
  `<line class="${kind}" x1="${BOX.left}" x2="${BOX.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;

function label([x, y]: [number, number], text: string, anchor: Anchor): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${text}</text>`;
}
