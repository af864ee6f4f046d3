import type { Trial } from '#protocol/messages/control.ts';
import type { PackageManifest, Provider, Variant } from '#protocol/package.ts';
import { barredUntil } from './memory.ts';
import type { Candidate, KnownPackage, Turn } from './state.ts';

/** Failures of a provider on a package in one life after which it is tried no more. */
export const FAILURES_MAX = 2;

/** The CPU first: its build is the small one, and it is the one that always works. */
const ORDER: readonly Provider[] = ['wasm', 'webgpu', 'webnn'];

/**
 * The providers worth trying on a package, each with the model file that suits it, and a `skipped`
 * trial with its reason for each one that is not.
 */
export function listCandidates(
  turn: Turn,
  known: KnownPackage,
): { candidates: Candidate[]; trials: Trial[] } {
  const { config } = turn.state;
  const candidates: Candidate[] = [];
  const trials: Trial[] = [];
  for (const provider of ORDER) {
    const offered = config.capabilities.providers.includes(provider);
    const chosen = config.provider === 'auto' || config.provider === provider;
    if (!chosen || (!offered && config.provider === 'auto' && !isSkipped(turn, provider))) continue;
    const variant = chooseVariant(turn, known.manifest);
    const threads = provider === 'wasm' ? config.capabilities.threads : 1;
    const reason = reasonToSkip(turn, known, provider) ?? (variant ? undefined : NO_VARIANT);
    if (reason === undefined && variant !== undefined) {
      candidates.push({ provider, variant, threads });
      continue;
    }
    const dtype = (variant ?? known.manifest.variants[0])?.dtype ?? 'f32';
    trials.push({ provider, dtype, threads, outcome: 'skipped', reason: reason ?? NO_VARIANT });
  }
  return { candidates, trials };
}

/** The candidate of an admission that is already known. */
export function recallCandidate(turn: Turn, known: KnownPackage): Candidate | undefined {
  const kept = known.admission;
  const variant = chooseVariant(turn, known.manifest);
  if (kept === undefined || variant?.dtype !== kept.dtype) return undefined;
  if (!turn.state.config.capabilities.providers.includes(kept.provider)) return undefined;
  return { provider: kept.provider, variant, threads: kept.threads };
}

const NO_VARIANT = 'every file of this model needs a GPU feature this device lacks';

const isSkipped = (turn: Turn, provider: Provider): boolean =>
  turn.state.config.skipped.some((skipped) => skipped.provider === provider);

function chooseVariant(turn: Turn, manifest: PackageManifest): Variant | undefined {
  const { features } = turn.state.config.capabilities;
  return manifest.variants.find(({ needs }) => needs.every((need) => features.includes(need)));
}

function reasonToSkip(turn: Turn, known: KnownPackage, provider: Provider): string | undefined {
  const { config, memory } = turn.state;
  if (config.provider === 'auto') {
    const skipped = config.skipped.find((candidate) => candidate.provider === provider);
    if (skipped !== undefined) return skipped.reason;
  }
  if (!config.capabilities.providers.includes(provider)) {
    return `this device offers no ${provider}; choose automatic`;
  }
  if ((known.failures.get(provider) ?? 0) >= FAILURES_MAX) {
    return `it failed ${FAILURES_MAX} times on this model since the page was opened`;
  }
  const until = barredUntil(memory, { package: known.id, provider }, turn.world.now);
  if (until === undefined) return undefined;
  const days = Math.max(1, Math.ceil((until - turn.world.now) / 86_400_000));
  return `it ended the page twice on this model; it is tried again in ${days} d`;
}
