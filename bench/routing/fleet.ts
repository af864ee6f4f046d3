/** What `npm run sim -- routing` prints. Speeds are units a millisecond, by job. */
export interface Routed {
  fleet: {
    devices: { class: number; unitMs: number[] }[];
    /** How many devices of its mean a class is worth, and how fast that one is. */
    classes: { name: string; capacity: number; speeds: number[] }[];
    /** `share`: of the fleet's work, by developers and what jobs pay. */
    jobs: { name: string; share: number }[];
  };
  rates: number[];
  switched: number;
}
export type RoutedFleet = Routed['fleet'];

/** Milliseconds that a unit of each job takes a device of mean speed. */
export const referenceMs = ({ devices, jobs }: RoutedFleet): number[] =>
  jobs.map(
    (_, job) =>
      devices.length / devices.reduce((sum, { unitMs }) => sum + 1 / (unitMs[job] ?? 0), 0),
  );

/** Reference work of each job, ÷ the share that it is owed: in devices of mean speed. */
export function workOwed(fleet: RoutedFleet, rates: readonly number[]): number[] {
  const unitMs = referenceMs(fleet);
  return fleet.jobs.map(({ share }, job) => ((rates[job] ?? 0) * (unitMs[job] ?? 0)) / share);
}
