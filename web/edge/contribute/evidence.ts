import { instant } from '#protocol/values/units.ts';
import { type EvidenceWorld, NO_EVIDENCE } from '../../core/ban-view.ts';
import { saveFile } from '../jobs/save-file.ts';
import { askContributorWorker } from './contributor-worker.ts';

/** Asks the hub what this device is banned for, and hands it to the browser's downloads. */
export async function saveEvidence(
  hub: string,
  onChange: (world: EvidenceWorld) => void,
): Promise<void> {
  onChange({ ...NO_EVIDENCE, asking: true });
  // A worker signs the question: only a worker opens the device's key.
  const asked = { type: 'ask-evidence' as const, hub, at: instant(Date.now()) };
  const found = await askContributorWorker(asked, (said) =>
    said.type === 'evidence' ? said.result : undefined,
  );
  if (!found.ok) return onChange({ ...NO_EVIDENCE, refusal: found.refusal });
  const text = JSON.stringify(found.value, undefined, 2);
  const [receipt] = found.value.receipts;
  const name = `evidence-${receipt?.shard.lease ?? 'none'}.json`;
  saveFile(name, new Blob([text], { type: 'application/json' }));
  onChange({ ...NO_EVIDENCE, saved: true });
}
