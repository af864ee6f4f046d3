import type { Provider } from '#protocol/values/provider.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { after, bytes, type Instant, millis } from '#protocol/values/units.ts';
import { noteTraffic } from './care/care.ts';
import type { ContributorEvent, FetchId, RuntimeBuild } from './events.ts';
import type { Contributor, Turn } from './state.ts';

const RETRY_MS = { first: 1_000, most: 30_000 } as const;

/** When a download that failed so often before is tried again: after 1, 2, 4 … 30 s. */
export const retryAt = (now: Instant, failures: number): Instant =>
  after(now, millis(Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** failures)));

const buildFor = (provider: Provider): RuntimeBuild => (provider === 'wasm' ? 'cpu' : 'gpu');

/**
 * Begins with the build that is needed for sure, beside hello and model, and goes on with those that broke
 * off. Where the device may not work, nothing is fetched.
 */
export function startRuntime(turn: Turn): void {
  const { config, hold, runtimes } = turn.device;
  if (hold !== undefined) return cancelRuntimes(turn);
  const [first] = config.capabilities.providers;
  const needed = config.provider !== 'auto' || first === undefined ? config.provider : 'wasm';
  if (needed !== 'auto') askRuntime(turn, needed);
  for (const [build, held] of runtimes) {
    if (held.stage !== 'waiting' || held.retryAt > turn.world.now) continue;
    fetchRuntime(turn, build, held.failures);
  }
}

function cancelRuntimes({ device, world, effects }: Turn): void {
  for (const [build, held] of device.runtimes) {
    if (held.stage !== 'fetching') continue;
    effects.push({ type: 'cancel-runtime', build });
    const { failures, at } = held;
    const again = why('download-again', { text: '' });
    device.runtimes.set(build, {
      ...{ stage: 'waiting', failures, retryAt: world.now },
      ...{ why: again, at },
    });
  }
}

/** Whether the runtime for a provider is here; it is fetched where it is not. */
export function askRuntime(turn: Turn, provider: Provider): boolean {
  const { config, runtimes } = turn.device;
  if (!config.fetchesRuntime) return true;
  const build = buildFor(provider);
  const known = runtimes.get(build);
  if (known === undefined) fetchRuntime(turn, build, 0);
  return known?.stage === 'here';
}

function fetchRuntime({ device, effects }: Turn, build: RuntimeBuild, failures: number): void {
  const fetch = device.nextId++;
  const held = device.runtimes.get(build);
  const at = held === undefined || held.stage === 'here' ? {} : { at: held.at };
  device.runtimes.set(build, { stage: 'fetching', fetch, failures, ...at });
  effects.push({ type: 'fetch-runtime', fetch, build });
}

const findFetch = ({ runtimes }: Contributor, fetch: FetchId) =>
  [...runtimes].find(([, held]) => held.stage === 'fetching' && held.fetch === fetch);

/** Takes a runtime that has come; says whether it was one. */
export function finishRuntime({ device }: Turn, fetch: FetchId): boolean {
  const found = findFetch(device, fetch);
  if (found !== undefined) device.runtimes.set(found[0], { stage: 'here' });
  return found !== undefined;
}

/** The line broke: the download goes on where it stopped, after 1, 2, 4 … 30 s. */
export function failRuntime(turn: Turn, fetch: FetchId, { code, message }: Refusal): boolean {
  const [build, held] = findFetch(turn.device, fetch) ?? [];
  if (build === undefined || held?.stage !== 'fetching') return false;
  turn.device.runtimes.set(build, {
    stage: 'waiting',
    failures: held.failures + 1,
    retryAt: retryAt(turn.world.now, held.failures),
    why:
      code === 'page-outdated'
        ? why('page-outdated', {})
        : why('download-again', { text: message }),
    at: held.at,
  });
  return true;
}

export function runtimeProgress(
  { device, world }: Turn,
  { fetch, received, total }: Extract<ContributorEvent, { type: 'runtime-progress' }>,
): void {
  const [, held] = findFetch(device, fetch) ?? [];
  if (held?.stage !== 'fetching') return;
  const before = held.at?.received ?? 0;
  if (received > before) held.failures = 0;
  noteTraffic(device.care, Math.max(0, received - before), world.now);
  held.at = { received, total };
}

/** Why the runtime is waited for. */
export function describeRuntime({ runtimes }: Contributor): Reason {
  for (const held of runtimes.values()) {
    if (held.stage === 'waiting') return held.why;
  }
  return why('fetching-runtime', {});
}

/** How far the download of a runtime is, while there is one. */
export function viewRuntime({ runtimes }: Contributor) {
  const under = [...runtimes.values()].flatMap((held) =>
    held.stage === 'here' || held.at === undefined ? [] : [held.at],
  );
  if (under.length === 0) return {};
  const sum = (part: 'received' | 'total') =>
    bytes(under.reduce<number>((all, at) => all + at[part], 0));
  return { runtime: { received: sum('received'), total: sum('total') } };
}
