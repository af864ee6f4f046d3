import type { JobId } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { Store } from '../store/port.ts';
import { type KeepPorts, keepOutputs, SEGMENT_LIMITS } from './keep-outputs.ts';

/** Where a test moves outputs: as in a hub, without its core. */
export interface MoveWorld {
  store: Pick<Store, 'append' | 'outputRows'>;
  blobs: Pick<BlobStore, 'put' | 'hold'>;
}

/** What the move of a job's outputs needs, of a store and blobs. */
export const portsOf = ({ store, blobs }: MoveWorld, job: JobId): KeepPorts => ({
  rows: store.outputRows,
  blobs,
  hold: blobs.hold,
  pause: async () => undefined,
  async keep(segment) {
    const fact = { type: 'outputs-kept', job, at: instant(6_000) } as const;
    await store.append([segment === undefined ? fact : { ...fact, segment }]);
  },
});

/** Moves all outputs of a job, in segments of so many shards. */
export const moveOutputs = (world: MoveWorld, job: JobId, shardsMax = 2): Promise<void> =>
  keepOutputs(job, portsOf(world, job), { ...SEGMENT_LIMITS, bytesMin: 0, shardsMax });
