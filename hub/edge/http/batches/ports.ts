import type { KeptBatch } from '#protocol/openai/batch.ts';
import type { ApiPorts } from '../route.ts';

/** What batches are worked with. */
export type BatchPorts = Pick<
  ApiPorts,
  'hub' | 'loop' | 'store' | 'blobs' | 'threads' | 'uploads' | 'clock' | 'log'
> & {
  /** Since 1970. */
  seconds(): number;
};

/** Writes how a batch stands; one that was cancelled meanwhile stays so until it has ended. */
export async function saveBatch({ store }: BatchPorts, batch: KeptBatch): Promise<void> {
  const { view } = batch;
  const known = (await store.batches.find(view.id))?.view;
  const goesOn = view.status === 'in_progress' || view.status === 'validating';
  const isCancelled = goesOn && known?.status === 'cancelling';
  const { cancelling_at } = known ?? view;
  await store.batches.put(
    isCancelled ? { ...batch, view: { ...view, status: 'cancelling', cancelling_at } } : batch,
  );
}
