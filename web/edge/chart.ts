import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatTick, type Series } from '../core/series.ts';

/** A drawn chart of a job's progress. */
export interface Chart {
  show(series: Series): void;
  close(): void;
}

const HEIGHT = 220;

/** Draws units accepted (left axis) and devices at work (right axis) over time, as wide as `element`. */
export function openChart(
  element: HTMLElement,
  labels: { accepted: string; devices: string },
): Chart {
  let series: Series = { startedAt: 0, seconds: [], accepted: [], devices: [] };
  let plot = draw();

  function draw(): uPlot {
    const style = getComputedStyle(element);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: color('--ink-soft'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui',
    };
    return new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height: HEIGHT,
        // The cursor's values are in the page as figures; a hover box would be for mice only.
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: {
            time: false,
            range: (_, min, max) => [min ?? 0, Math.max(max ?? 1, (min ?? 0) + 1)],
          },
          y: { range: (_, _min, max) => [0, Math.max(1, (max ?? 0) * 1.05)] },
          devices: { range: (_, _min, max) => [0, Math.max(2, (max ?? 0) + 1)] },
        },
        axes: [
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
        ],
        series: [
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
        ],
      },
      columns(series),
      element,
    );
  }

  const resize = new ResizeObserver(() => {
    plot.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT });
  });
  resize.observe(element);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => {
    plot.destroy();
    plot = draw();
  };
  scheme.addEventListener('change', redraw);
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });

  return {
    show(next) {
      series = next;
      plot.setData(columns(series));
    },
    close() {
      resize.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

const columns = ({ seconds, accepted, devices }: Series): uPlot.AlignedData => [
  [...seconds],
  [...accepted],
  [...devices],
];
