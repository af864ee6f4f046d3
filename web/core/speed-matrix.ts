import type { ClassSpeed, ModelStats } from '#protocol/api/model-stats.ts';
import { nameClass } from './model-stats-view.ts';

/** Classes of devices by models: items a second of the device in the middle, where one was measured. */
export interface SpeedMatrix {
  models: string[];
  /** Those with most devices first. */
  classes: { name: string; devices: number; itemsPerSecond: (number | undefined)[] }[];
}

/** Puts what was measured of each model side by side; models that no device computes are left out. */
export function compareClasses(stats: readonly ModelStats[]): SpeedMatrix {
  const measured = stats.filter(({ classes }) => classes.length > 0);
  const devices = new Map<string, number>();
  const found = measured.map(({ classes }) => new Map(classes.map(readClass)));
  for (const classes of found) {
    for (const [name, { devices: count }] of classes) {
      devices.set(name, Math.max(count, devices.get(name) ?? 0));
    }
  }
  return {
    models: measured.map(({ model }) => model),
    classes: [...devices]
      .sort((a, b) => b[1] - a[1])
      .map(([name, count]) => ({
        name,
        devices: count,
        itemsPerSecond: found.map((classes) => classes.get(name)?.itemsPerSecond.median),
      })),
  };
}

const readClass = (speed: ClassSpeed): [string, ClassSpeed] => [nameClass(speed), speed];
