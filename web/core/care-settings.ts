import {
  type CarePolicy,
  type HourRange,
  PRESET_NAMES,
  PRESETS,
  type PresetName,
} from '#protocol/messages/care.ts';

type NumberField = {
  [Name in keyof CarePolicy]: CarePolicy[Name] extends number ? Name : never;
}[keyof CarePolicy];

/** Bounds of what a slider sets. */
export const CARE_BOUNDS: Readonly<Record<NumberField, { least: number; most: number }>> = {
  chargeMin: { least: 0, most: 95 },
  dataPerDay: { least: 0, most: 1e12 },
  duty: { least: 10, most: 100 },
  slowdownMax: { least: 5, most: 100 },
  stopsAfter: { least: 0, most: 1_440 },
  threads: { least: 1, most: 16 },
};

/** Reads a stored policy; what is missing or damaged is as in `otherwise`. */
export function decodeCare(stored: unknown, otherwise: CarePolicy): CarePolicy {
  if (typeof stored !== 'object' || stored === null) return otherwise;
  const found = stored as Record<string, unknown>;
  const flag = (name: keyof CarePolicy) => typeof found[name] === 'boolean' && found[name];
  const policy: CarePolicy = {
    ...otherwise,
    ...('onlyCharging' in found && { onlyCharging: flag('onlyCharging') }),
    ...('onlyWifi' in found && { onlyWifi: flag('onlyWifi') }),
    ...('pausesInUse' in found && { pausesInUse: flag('pausesInUse') }),
    whenUnknown:
      found['whenUnknown'] === 'ask' || found['whenUnknown'] === 'work'
        ? found['whenUnknown']
        : otherwise.whenUnknown,
    hours: decodeHours(found['hours']) ?? otherwise.hours,
  };
  const numbers = Object.entries(CARE_BOUNDS).flatMap(([name, { least, most }]) => {
    const value = found[name];
    const isRight = typeof value === 'number' && value >= least && value <= most;
    return isRight ? [[name, value]] : [];
  });
  return { ...policy, ...Object.fromEntries(numbers) };
}

function decodeHours(stored: unknown): CarePolicy['hours'] | undefined {
  if (!Array.isArray(stored) || stored.length !== 7) return undefined;
  const isMinute = (value: unknown) => Number.isInteger(value) && Math.abs(Number(value)) <= 1_440;
  const isRight = stored.every(
    (day: unknown) =>
      day === 'all' ||
      day === 'never' ||
      (typeof day === 'object' &&
        day !== null &&
        isMinute((day as HourRange).from) &&
        isMinute((day as HourRange).to)),
  );
  return isRight ? (stored as CarePolicy['hours']) : undefined;
}

/** The preset that a policy is; undefined for one of its own. */
export const presetOf = (policy: CarePolicy): PresetName | undefined =>
  PRESET_NAMES.find((name) =>
    Object.entries(PRESETS[name]).every(
      ([field, value]) =>
        JSON.stringify(value) === JSON.stringify(policy[field as keyof CarePolicy]),
    ),
  );

/** A time of day as an input of a page has it: `07:30`. */
export const showMinute = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** The minute of a day that an input of a page says; undefined where it is empty. */
export function readMinute(text: string): number | undefined {
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}
