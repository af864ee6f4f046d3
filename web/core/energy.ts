import type { HistoryDay } from '#protocol/messages/history.ts';
import type { Platform } from './platforms.ts';

/** A figure that is only known to lie between two others. */
export interface Range {
  low: number;
  high: number;
}

/** Watts beyond those of a device that lies idle with its screen on: docs/energy.md. */
const WATTS: Record<Platform['name'], { thread: Range; accelerator: Range }> = {
  ios: { thread: { low: 0.4, high: 1.5 }, accelerator: { low: 1, high: 3 } },
  android: { thread: { low: 0.4, high: 1.5 }, accelerator: { low: 1, high: 3 } },
  desktop: { thread: { low: 2, high: 15 }, accelerator: { low: 10, high: 150 } },
};
/** Watt-hours a gigabyte over fixed lines: 60 in 2015, halved every two years until now, or not. */
const NETWORK_WH_PER_GB: Range = { low: 1, high: 60 };
/** Of a core of a server at work, with its share of memory and fans, and of the building (PUE). */
const SERVER_CORE_W: Range = { low: 3 * 1.1, high: 8 * 1.56 };

const HOUR_MS = 3_600_000;
const GIGABYTE = 1e9;

/** Watt-hours of some days of a device, by what took them. */
export interface EnergyEstimate {
  device: Range;
  network: Range;
  total: Range;
  /** What a server would take for as many seconds of as many cores: not for the same work. */
  server: Range;
}

/** Estimates the energy of some days: power × time of each part, from least to most. */
export function estimateEnergy(
  days: readonly HistoryDay[],
  platform: Platform['name'],
): EnergyEstimate {
  const { thread, accelerator } = WATTS[platform];
  const sum = (field: 'threadMs' | 'acceleratorMs' | 'bytes') =>
    days.reduce((all, day) => all + day[field], 0);
  const threadHours = sum('threadMs') / HOUR_MS;
  const acceleratorHours = sum('acceleratorMs') / HOUR_MS;
  const device = add(scale(thread, threadHours), scale(accelerator, acceleratorHours));
  const network = scale(NETWORK_WH_PER_GB, sum('bytes') / GIGABYTE);
  return {
    device,
    network,
    total: add(device, network),
    server: scale(SERVER_CORE_W, threadHours + acceleratorHours),
  };
}

/** Grams of CO₂ equivalents a kilowatt-hour in 2023, by Ember and the Energy Institute; countries by ISO 3166. */
export const CARBON_REGIONS = {
  world: 481,
  de: 381,
  at: 111,
  fr: 56,
  no: 30,
  dk: 152,
  fi: 79,
  ca: 170,
  br: 98,
  au: 549,
  cn: 582,
  in: 713,
} as const;
/** A region whose electricity is known. */
export type CarbonRegion = keyof typeof CARBON_REGIONS;

/** Grams of CO₂ equivalents of so many watt-hours. */
export const estimateCarbon = (energy: Range, region: CarbonRegion): Range =>
  scale(energy, CARBON_REGIONS[region] / 1_000);

const add = (a: Range, b: Range): Range => ({ low: a.low + b.low, high: a.high + b.high });
const scale = ({ low, high }: Range, by: number): Range => ({ low: low * by, high: high * by });
