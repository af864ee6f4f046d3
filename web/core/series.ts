/** What the progress chart shows, as columns: seconds since the first sample, units, devices. */
export interface Series {
  startedAt: number;
  seconds: readonly number[];
  accepted: readonly number[];
  devices: readonly number[];
}

/** More samples than this are thinned out, so that a job of days stays a small chart. */
export const SAMPLES_MAX = 600;
/** A chart without samples. */
export const SERIES_EMPTY: Series = { startedAt: 0, seconds: [], accepted: [], devices: [] };

/** Adds one sample. A sample not later than the last replaces it. */
export function addSample(
  series: Series,
  sample: { at: number; accepted: number; devices: number },
): Series {
  const startedAt = series.seconds.length === 0 ? sample.at : series.startedAt;
  const second = Math.max(0, (sample.at - startedAt) / 1000);
  const last = series.seconds.at(-1);
  const keep =
    last !== undefined && second <= last ? series.seconds.length - 1 : series.seconds.length;
  const next: Series = {
    startedAt,
    seconds: [
      ...series.seconds.slice(0, keep),
      keep < series.seconds.length ? (last ?? 0) : second,
    ],
    accepted: [...series.accepted.slice(0, keep), sample.accepted],
    devices: [...series.devices.slice(0, keep), sample.devices],
  };
  return next.seconds.length > SAMPLES_MAX ? thin(next) : next;
}

/** A time on the chart's axis: `40 s`, `3 min`, `3:20`. */
export function formatTick(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const rest = Math.round(seconds % 60);
  const minutes = Math.floor(seconds / 60);
  return rest === 0 ? `${minutes} min` : `${minutes}:${String(rest).padStart(2, '0')}`;
}

/** Keeps the first, the last and every second sample between. */
function thin(series: Series): Series {
  const last = series.seconds.length - 1;
  const keep = <T>(column: readonly T[]) =>
    column.filter((_, index) => index % 2 === 0 || index === last);
  return {
    startedAt: series.startedAt,
    seconds: keep(series.seconds),
    accepted: keep(series.accepted),
    devices: keep(series.devices),
  };
}
