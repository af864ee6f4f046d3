import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { JobId, Root } from '#protocol/values/ids.ts';
import { selectFacts } from '../../hub/core/state/fact-lists.ts';
import type { Fact } from '../../hub/core/state/facts.ts';
import type { Clock } from './clock.ts';
import { digestAll, FAKE_UNIT_BYTES, type FakeBlobs, type FakeJobMade } from './fake-model.ts';
import type { HubNode } from './hub-node.ts';
import type { Random } from './random.ts';

const UNITS_MAX = 5;

/**
 * Adds inputs to an open job while it runs, then says that no more come; again while the hub does not
 * know it. A part that was thought lost may come twice: both are inputs then.
 */
export function feedJob(
  world: { clock: Clock; hub: HubNode; blobs: FakeBlobs; random: Random },
  id: JobId,
  parts: number,
): void {
  const { clock, hub, blobs, random } = world;
  let [added, known] = [0, 0];
  clock.every(700, () => {
    const view = hub.view(id);
    if (view?.state === 'done') return false;
    if (view?.state !== 'running' || view.open !== true) return true;
    if (view.units > known) added += 1;
    known = view.units;
    if (added > parts) {
      hub.command({ type: 'end-inputs', job: id });
      return true;
    }
    const units = 1 + Math.floor(random.between(0, UNITS_MAX));
    const bytes = new Uint8Array(units * FAKE_UNIT_BYTES).map(() => random.between(0, 256));
    const digests = digestAll(bytes);
    hub.command({ type: 'add-inputs', job: id, inputs: blobs.put(bytes), units, digests });
    return true;
  });
}

/** The job with all that was added to it, as its facts say. */
export function grownJob(made: FakeJobMade, facts: readonly Fact[], blobs: FakeBlobs): FakeJobMade {
  const { record } = made;
  const added = selectFacts(facts)('inputs-added').filter(({ job }) => job === record.id);
  if (added.length === 0) return made;
  const bytesOf = (root: Root) => blobs.get(root) ?? new Uint8Array();
  const all = [made.inputs, ...added.map(({ inputs }) => bytesOf(inputs.root))];
  const inputs = new Uint8Array(Buffer.concat(all));
  const units = inputs.length / FAKE_UNIT_BYTES;
  const grown = { ...record, units, items: units };
  return { ...made, record: grown, inputs, inputDigests: new Uint8Array(units * DIGEST_BYTES) };
}
