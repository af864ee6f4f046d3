import type { Bytes, Instant } from '../values/units.ts';

/** Minutes of a local day, from 0 to 1,440; a range that ends before it begins goes past midnight. */
export interface HourRange {
  from: number;
  to: number;
}

/** What a person lets a device do. Each field is a switch or a slider of the settings. */
export interface CarePolicy {
  /** Works only while it charges. */
  onlyCharging: boolean;
  /** Percent of charge below which it stops on battery; 0 for no bound. */
  chargeMin: number;
  /** What it does where the browser does not tell of battery or line, and its person has not. */
  whenUnknown: 'ask' | 'work';
  /** Works only on Wi-Fi or a cable, and not while the browser saves data. */
  onlyWifi: boolean;
  /** Bytes that it may send and receive in a local day; 0 for no bound. */
  dataPerDay: Bytes;
  /** When it works, for each day of the week from Sunday on: all day where there is none. */
  hours: readonly (HourRange | 'never' | 'all')[];
  /** Percent of the time that it computes. */
  duty: number;
  /** Stops while somebody touches the phone. */
  pausesInUse: boolean;
  /** Percent by which it may become slower than it was when cool, before it cools for a minute. */
  slowdownMax: number;
  /** Minutes after Start when it stops by itself; 0 for no bound. */
  stopsAfter: number;
  /** Threads on the processor, where the browser allows several. */
  threads: number;
}

/** What a device says of itself, as far as its browser tells, or its person. */
export interface DeviceSignals {
  /** `level` in percent. */
  battery?: { level: number; charging: boolean };
  line?: 'wifi' | 'cellular';
  /** The person asked the browser to save data. */
  savesData: boolean;
  /** What its person said, where the browser does not tell: for this visit. */
  said: { charging: boolean; wifi: boolean };
  /** When somebody last touched the page or a key. */
  usedAt?: Instant;
  /** How hard the system works, by the Compute Pressure API where there is one. */
  pressure?: 'nominal' | 'fair' | 'serious' | 'critical';
  /** Minutes that its local time is ahead of UTC. */
  utcOffset: number;
}

/** A device of which nothing is known. */
export const SIGNALS_NONE: DeviceSignals = {
  savesData: false,
  said: { charging: false, wifi: false },
  utcOffset: 0,
};

/** A pause that ends by itself sooner keeps the screen on: the phone could not go on without it. */
export const SHORT_PAUSE_MS = 10 * 60_000;

const MEBIBYTE = 2 ** 20;
const ALWAYS = Array.from({ length: 7 }, () => 'all' as const);
const bytes = (count: number): Bytes => count as Bytes;

/** Names of the presets. */
export const PRESET_NAMES = ['gentle', 'balanced', 'all'] as const;
/** The name of a preset. */
export type PresetName = (typeof PRESET_NAMES)[number];

/**
 * Three ways to work. Bounds of charge and duty, of slowing and what is done where nothing is known
 * follow the rules 19 and 20 of docs/platform-rules.md.
 */
export const PRESETS: Readonly<Record<PresetName, CarePolicy>> = {
  gentle: {
    onlyCharging: true,
    chargeMin: 50,
    whenUnknown: 'ask',
    onlyWifi: true,
    dataPerDay: bytes(200 * MEBIBYTE),
    hours: ALWAYS,
    duty: 30,
    pausesInUse: true,
    slowdownMax: 15,
    stopsAfter: 0,
    threads: 1,
  },
  balanced: {
    onlyCharging: false,
    chargeMin: 40,
    whenUnknown: 'work',
    onlyWifi: true,
    dataPerDay: bytes(1_000 * MEBIBYTE),
    hours: ALWAYS,
    duty: 60,
    pausesInUse: false,
    slowdownMax: 25,
    stopsAfter: 0,
    threads: 4,
  },
  all: {
    onlyCharging: false,
    chargeMin: 15,
    whenUnknown: 'work',
    onlyWifi: false,
    dataPerDay: bytes(0),
    hours: ALWAYS,
    duty: 100,
    pausesInUse: false,
    slowdownMax: 40,
    stopsAfter: 0,
    threads: 4,
  },
};

/** A device that nobody carries: it works whenever it runs. */
export const CARE_NONE: CarePolicy = {
  ...PRESETS.all,
  chargeMin: 0,
  slowdownMax: 100,
};
