import type { DeviceHistory } from '#protocol/messages/history.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import { decodeDevice } from '../../core/settings.ts';
import { unregisterBackground } from '../background-worker.ts';
import { saveFile } from '../jobs/save-file.ts';
import { forgetStored, readStored } from '../local-store.ts';
import { askContributorWorker } from './contributor-worker.ts';
import { fetchProfile, saveProfile } from './profiles.ts';

/** Reads what this device did: only a worker opens its stores. */
export const readHistory = (): Promise<Result<DeviceHistory>> =>
  askContributorWorker({ type: 'ask-history' }, (said) =>
    said.type === 'history' ? said.result : undefined,
  );

/** Deletes the models that this browser keeps; gives the bytes that are still there. */
export const freeStorage = (): Promise<Result<number>> =>
  askContributorWorker({ type: 'free-storage' }, (said) => {
    if (said.type !== 'storage-freed') return undefined;
    return said.result.ok ? accept(said.result.value.kept) : said.result;
  });

/** Hands all of it to the browser's downloads, as JSON. */
export function exportHistory(history: DeviceHistory): void {
  const text = JSON.stringify(history, undefined, 2);
  saveFile('pocketgrid-history.json', new Blob([text], { type: 'application/json' }));
}

/**
 * Deletes all that this browser keeps for this hub: key, pay, models, history and settings. A public
 * name goes first: without the key nobody could take it back.
 */
export async function forgetDevice(): Promise<Result<void>> {
  const removed = await removeName();
  if (!removed.ok) return removed;
  const forgotten = await askContributorWorker({ type: 'forget' }, (said) =>
    said.type === 'forgotten' ? said.result : undefined,
  );
  if (!forgotten.ok) return forgotten;
  const { deleteWallet } = await import('../money/browser-wallet.ts');
  await deleteWallet();
  forgetStored();
  await unregisterBackground();
  for (const name of await caches.keys()) await caches.delete(name);
  return accept(undefined);
}

/** Where the hub does not answer there is no waiting for it: the rest is this browser's own. */
async function removeName(): Promise<Result<true>> {
  const device = decodeDevice(readStored('device'));
  if (device === undefined) return accept(true);
  const found = await fetchProfile(device);
  if (!found.ok || found.value === 'none') return accept(true);
  return saveProfile({ name: '', team: '' });
}
