import { runCommand } from './command.ts';
import type { Bench } from './figure.ts';

const SIM_MS_MAX = 5 * 60_000;

interface Night extends Record<string, unknown> {
  name: string;
  units: number;
  paused: Record<string, number>;
}

/** A night of a simulated phone under each preset: real contributor core, physics of sim/phone. */
export const run: Bench = async function* () {
  const words = [process.execPath, '--import', 'tsx', 'sim/run.ts', 'night'];
  const nights = JSON.parse(await runCommand(words, SIM_MS_MAX)) as Night[];
  for (const { name, units, paused, ...night } of nights) {
    const pauses = Object.entries(paused).map(
      ([code, minutes]) => `${code} ${Math.round(minutes)}`,
    );
    const rounded = Object.entries(night).map(([key, value]) => [
      key,
      Math.round(Number(value) * 10) / 10,
    ]);
    const detail = { ...Object.fromEntries(rounded), pausedMinutes: pauses.join(', ') };
    yield { figure: `night-${name}`, value: units, unit: 'units', detail };
  }
};
