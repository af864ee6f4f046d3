import { Trial } from '#protocol/messages/control.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { type Bytes, between, bytes, type Instant } from '#protocol/values/units.ts';
import type { DeviceMemory, KeptAdmission, Token, Tombstone } from './events.ts';
import type { Contributor, Remembering, Turn } from './state.ts';

const DEATHS_TO_AVOID = 2;
export const AVOIDED_DAYS = 7;
const DEATHS_MAX = 32;
const ADMISSIONS_MAX = 32;

/**
 * A tab that is killed leaves no error, only the tombstone it had put up before the risky step. A page that
 * was closed or reloaded at `leftAt` was not killed.
 */
export function openMemory(memory: DeviceMemory, leftAt?: Instant): Contributor['memory'] {
  const { tombstone, deaths, admissions, heap, today } = memory;
  const isDeath = (step: { at: Instant }) => leftAt === undefined || step.at > leftAt;
  const all = tombstone !== undefined && isDeath(tombstone) ? [...deaths, tombstone] : deaths;
  // An older version kept trials of another shape: such a device is tried again.
  const readable = admissions.filter(({ trials }) =>
    trials.every((trial) => decodeWith(Trial, trial, 'internal').ok),
  );
  const { underway, ...known } = heap ?? {};
  const tried = heap && {
    heap: { ...known, ...(underway && isDeath(underway) && { failed: underway }) },
  };
  return {
    deaths: all.slice(-DEATHS_MAX),
    admissions: readable,
    ...tried,
    ...(today && { today }),
  };
}

/** What this device offers for models: what it was begun with, or more that a trial has shown. */
export function offeredBytes({ config, memory }: Contributor): Bytes {
  const { memoryBytes } = config.capabilities;
  return bytes(Math.max(memoryBytes, memory.heap?.proven ?? 0));
}

interface Step {
  package: Digest;
  provider: Provider;
}

const recentDeaths = (turn: Turn, what: Step) =>
  turn.device.memory.deaths.filter(
    (death) =>
      death.package === what.package &&
      death.provider === what.provider &&
      between(death.at, turn.world.now) < AVOIDED_DAYS * 86_400_000,
  );

/** Whether a tab ended in this step within a week: it is tried once more, with less. */
export const needsLess = (turn: Turn, what: Step): boolean => recentDeaths(turn, what).length > 0;

/** Whether tabs ended in this step twice in a week, the last time with one thread. */
export function hasEndedTab(turn: Turn, what: Step): boolean {
  const deaths = recentDeaths(turn, what);
  return deaths.length >= DEATHS_TO_AVOID && (deaths.at(-1)?.threads ?? 1) === 1;
}

export function remember(turn: Turn, then?: Remembering): void {
  const { device, effects } = turn;
  const token = device.nextId++;
  if (then !== undefined) device.remembering.set(token, then);
  effects.push({ type: 'remember', token, memory: { ...device.memory } });
}

export function remembered(turn: Turn, token: Token): Remembering | undefined {
  const what = turn.device.remembering.get(token);
  turn.device.remembering.delete(token);
  return what;
}

/** Puts up a tombstone, and goes on with `then` once it is on disk. */
export function raiseTombstone(turn: Turn, what: Omit<Tombstone, 'at'>, then: Remembering): void {
  turn.device.memory.tombstone = { ...what, at: turn.world.now };
  remember(turn, then);
}

export function liftTombstone(turn: Turn): void {
  if (turn.device.memory.tombstone === undefined) return;
  delete turn.device.memory.tombstone;
  remember(turn);
}

/**
 * A kept admission holds for the same runtime, adapter and choice. A GPU is tried again on each
 * visit: its driver may have changed, of which a browser tells nothing, and garbage is taken for a
 * cheat's.
 */
export function findAdmission(device: Contributor, id: Digest): KeptAdmission | undefined {
  const { runtime, provider } = device.config;
  return device.memory.admissions.find(
    (kept) =>
      kept.package === id &&
      kept.runtime === runtime &&
      kept.chosen === provider &&
      kept.provider === 'wasm',
  );
}

export function keepAdmission(turn: Turn, kept: KeptAdmission): void {
  const { memory } = turn.device;
  const others = memory.admissions.filter((other) => other.package !== kept.package);
  memory.admissions = [...others, kept].slice(-ADMISSIONS_MAX);
  delete memory.tombstone;
  remember(turn);
}

export function forgetAdmission(turn: Turn, id: Digest): void {
  const { memory } = turn.device;
  memory.admissions = memory.admissions.filter((kept) => kept.package !== id);
  delete memory.tombstone;
  remember(turn);
}
