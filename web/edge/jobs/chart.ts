import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import { formatTick, type Series } from '../../core/series.ts';

/** A drawn chart of a job's progress. */
export interface Chart {
  show(series: Series): void;
  close(): void;
}

const HEIGHT = 220;

/** The names of the two lines. */
interface Labels {
  accepted: string;
  devices: string;
}

/** What a redraw needs: where, under which names, and the last series shown. */
interface Drawing {
  element: HTMLElement;
  labels: Labels;
  series: Series;
  plot: uPlot;
}

/** Finds a color of the page by its custom property. */
type Palette = (name: string) => string;

/** Draws units accepted (left axis) and devices at work (right axis) over time. */
export function openChart(element: HTMLElement, labels: Labels): Chart {
  const series: Series = { startedAt: 0, seconds: [], accepted: [], devices: [] };
  const drawing: Drawing = { element, labels, series, plot: draw({ element, labels, series }) };
  const unfollow = followPage(drawing);
  return {
    show(next) {
      drawing.series = next;
      drawing.plot.setData(columns(next));
    },
    close() {
      unfollow();
      drawing.plot.destroy();
    },
  };
}

/** Keeps the drawing as wide as its element and in the page's colors. */
function followPage(drawing: Drawing): () => void {
  const resize = new ResizeObserver(() => drawing.plot.setSize(sizeOf(drawing.element)));
  resize.observe(drawing.element);
  const redraw = () => {
    drawing.plot.destroy();
    drawing.plot = draw(drawing);
  };
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', redraw);
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    resize.disconnect();
    theme.disconnect();
    scheme.removeEventListener('change', redraw);
  };
}

function draw({ element, labels, series }: Omit<Drawing, 'plot'>): uPlot {
  const style = getComputedStyle(element);
  const color: Palette = (name) => style.getPropertyValue(name).trim();
  const options: uPlot.Options = {
    ...sizeOf(element),
    // The cursor's values are in the page as figures; a hover box would be for mice only.
    legend: { show: false },
    cursor: { show: false },
    scales: scales(),
    axes: axesIn(color),
    series: linesIn(color, labels),
  };
  return new uPlot(options, columns(series), element);
}

const sizeOf = (element: HTMLElement) => ({
  width: Math.max(200, element.clientWidth),
  height: HEIGHT,
});

/** New for each drawing: the library may write in what it is given. */
const scales = (): uPlot.Scales => ({
  x: {
    time: false,
    range: (_, min, max) => [min ?? 0, Math.max(max ?? 1, (min ?? 0) + 1)],
  },
  y: { range: (_, _min, max) => [0, Math.max(1, (max ?? 0) * 1.05)] },
  devices: { range: (_, _min, max) => [0, Math.max(2, (max ?? 0) + 1)] },
});

function axesIn(color: Palette): uPlot.Axis[] {
  const axis = {
    stroke: color('--ink-soft'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui',
  };
  return [
    { ...axis, values: (_, ticks) => ticks.map(formatTick) },
    { ...axis, size: 56 },
    {
      ...axis,
      scale: 'devices',
      side: 1,
      size: 36,
      grid: { show: false },
      values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? String(tick) : '')),
    },
  ];
}

function linesIn(color: Palette, labels: Labels): uPlot.Series[] {
  return [
    {},
    {
      label: labels.accepted,
      stroke: color('--accent'),
      width: 2.5,
      fill: color('--accent-wash'),
      points: { show: false },
    },
    {
      label: labels.devices,
      scale: 'devices',
      stroke: color('--good'),
      width: 2,
      dash: [6, 4],
      points: { show: false },
      paths: uPlot.paths.stepped?.({ align: 1 }),
    } as uPlot.Series,
  ];
}

const columns = ({ seconds, accepted, devices }: Series): uPlot.AlignedData => [
  [...seconds],
  [...accepted],
  [...devices],
];
