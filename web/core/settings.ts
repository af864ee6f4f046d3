import { type BackgroundWishes, WISHES_NONE } from '#protocol/messages/background.ts';
import { type CarePolicy, PRESETS } from '#protocol/messages/care.ts';
import type { Donation } from '#protocol/messages/control.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { decodeBlocks, KEPT_BLOCKS_NONE, type KeptBlocks } from './blocks.ts';
import { decodeCare } from './care-settings.ts';

/** What the person chose about how this device works. */
export interface Settings {
  provider: 'auto' | 'wasm' | 'webgpu' | 'webnn';
  webrtc: boolean;
  /** The jobs whose pay this device gives away. */
  donates: Donation;
  /** What this device wants no work of. */
  blocks: KeptBlocks;
  /** What this device may do. */
  care: CarePolicy;
  /** What is done while no page is open. */
  background: BackgroundWishes;
}

/** Settings before the person chose any, on a device that works as this policy has it. */
export const settingsOf = (care: CarePolicy): Settings => ({
  ...{ provider: 'auto', webrtc: true, donates: 'none' },
  blocks: KEPT_BLOCKS_NONE,
  care,
  background: WISHES_NONE,
});
export const SETTINGS_DEFAULT = settingsOf(PRESETS.balanced);
/** What a person may choose from. */
export const PROVIDER_CHOICES: readonly Settings['provider'][] = [
  'auto',
  'wasm',
  'webgpu',
  'webnn',
];

const decodeProvider = (text: unknown): Settings['provider'] | undefined =>
  PROVIDER_CHOICES.find((choice) => choice === text);

/** Reads stored settings; what is missing or damaged takes its default. */
export function decodeSettings(text: string | null, otherwise = SETTINGS_DEFAULT): Settings {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? 'null');
  } catch {
    return otherwise;
  }
  if (typeof stored !== 'object' || stored === null) return otherwise;
  const { provider, webrtc, donates, blocks, care, background } = stored as Record<string, unknown>;
  return {
    provider: decodeProvider(provider) ?? otherwise.provider,
    webrtc: typeof webrtc === 'boolean' ? webrtc : otherwise.webrtc,
    care: decodeCare(care, otherwise.care),
    donates: decodeDonation(donates),
    blocks: decodeBlocks(blocks),
    background: decodeWishes(background),
  };
}

/** Only what the person switched on is on. */
function decodeWishes(stored: unknown): BackgroundWishes {
  const given = (typeof stored === 'object' && stored) || {};
  const { tellsPay, tellsWork, computes } = given as Record<string, unknown>;
  return {
    tellsPay: tellsPay === true,
    tellsWork: tellsWork === true,
    computes: computes === true,
  };
}

/** Whether anything is to be done while no page is open. */
export const wantsBackground = ({ background }: Settings): boolean =>
  Object.values(background).includes(true);

const JOB = /^job_[0-9a-f]{16}$/;
/** What the wire takes at most. */
const JOBS_MAX = 100;

function decodeDonation(stored: unknown): Donation {
  if (stored === 'all') return stored;
  const jobs = Array.isArray(stored) ? stored.filter((job): job is JobId => JOB.test(job)) : [];
  return jobs.length === 0 ? 'none' : jobs.slice(-JOBS_MAX);
}

/** Gives one job's pay away, or keeps it. */
export function switchJob(donates: Donation, job: JobId, gives: boolean): Donation {
  if (donates === 'all') return donates;
  const others = donates === 'none' ? [] : donates.filter((id) => id !== job);
  const jobs = gives ? [...others, job].slice(-JOBS_MAX) : others;
  return jobs.length === 0 ? 'none' : jobs;
}

/** Whether a job's pay is given away. */
export const gives = (donates: Donation, job: JobId): boolean =>
  donates === 'all' || (donates !== 'none' && donates.includes(job));

/** Writes settings for the browser's store. */
export const encodeSettings = (settings: Settings): string => JSON.stringify(settings);

/** The name that a device went by on an earlier visit. */
export const decodeDevice = (text: string | null): PublicKey | undefined =>
  text !== null && /^[0-9a-f]{64}$/.test(text) ? (text as PublicKey) : undefined;

/** Lays the address' `?provider=…&webrtc=on|off` over the settings; other values change nothing. */
export function applyQuery(settings: Settings, query: string): Settings {
  const wanted = new Map<string, string>();
  for (const pair of query.replace(/^\?/, '').split('&')) {
    const [name = '', value = ''] = pair.split('=');
    wanted.set(name, value);
  }
  const webrtc = wanted.get('webrtc');
  return {
    ...settings,
    provider: decodeProvider(wanted.get('provider')) ?? settings.provider,
    webrtc: webrtc === 'on' ? true : webrtc === 'off' ? false : settings.webrtc,
  };
}
