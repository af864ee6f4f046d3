import { BLOCKS_NONE } from '#protocol/api/about.ts';
import { CARE_NONE, SIGNALS_NONE } from '#protocol/messages/care.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import type { ContributorConfig } from './events.ts';

/** A device with one thread on wasm, new to everything. */
export const fakeConfig = (change: Partial<ContributorConfig> = {}): ContributorConfig => ({
  key: 'cc'.repeat(32) as PublicKey,
  capabilities: {
    providers: ['wasm'],
    features: [],
    threads: 1,
    memoryBytes: bytes(1e9),
    engine: 'test',
  },
  provableBytes: bytes(1.25e9),
  provider: 'auto',
  skipped: [],
  fetchesRuntime: false,
  isKept: true,
  knownBad: [],
  runtime: 'test',
  memory: { deaths: [], admissions: [] },
  recycleShards: 100,
  serves: false,
  donates: 'none',
  blocks: BLOCKS_NONE,
  care: CARE_NONE,
  signals: SIGNALS_NONE,
  ...change,
});
