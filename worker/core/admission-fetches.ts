import { FAILED_SOURCES_MAX } from '#protocol/messages/control.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import { announce, retryLater } from './admission-end.ts';
import { modelFile, stopEngines } from './engine.ts';
import type { ContributorEvent, FetchId } from './events.ts';
import { askRuntime } from './runtime.ts';
import { type Admission, send, type Turn } from './state.ts';
import { nextTrial } from './trials.ts';

/** Starts a queued admission when no shard needs the processor: timings want a quiet device. */
export function checkAdmission(turn: Turn): void {
  const { device, effects } = turn;
  const { admission } = device;
  if (admission?.stage !== 'queued' || device.link.name !== 'ready') return;
  if (device.hold !== undefined) return;
  if (admission.retryAt !== undefined && admission.retryAt > turn.world.now) return;
  const busy = device.shards.some(({ stage }) =>
    ['fetching', 'fetched', 'running'].includes(stage),
  );
  if (busy) return;
  stopEngines(turn);
  admission.stage = 'fetching';
  const file = modelFile(admission.manifest);
  device.download = {
    received: bytes(0),
    total: file.length,
    overPeers: bytes(0),
    overHttps: bytes(0),
  };
  const fetch = (part: 'model' | 'inputs' | 'outputs', ref: typeof file, answer?: number): void => {
    const id = device.nextId++;
    admission.fetches.set(id, { part, ...(answer === undefined ? {} : { answer }) });
    effects.push({
      type: 'fetch',
      fetch: id,
      target: {
        ...{ kind: 'blob', ref, brief: part !== 'model' },
        ...(device.config.onlyKept && { kept: true }),
      },
      wantBytes: part !== 'model',
    });
  };
  if (device.config.serves) seek(turn, admission);
  fetch('model', file);
  if (admission.answers.length === 0) return;
  admission.manifest.knownAnswers.forEach(({ inputs, outputs }, answer) => {
    fetch('inputs', inputs, answer);
    fetch('outputs', outputs, answer);
  });
}

function seek(turn: Turn, { manifest, failed }: Admission): void {
  const { root } = modelFile(manifest);
  send(turn, { type: 'seek', root, ...(failed.length === 0 ? {} : { failed: [...failed] }) });
}

/** Asks for other sources of the model, and says which have failed. */
export function sourceFailed(
  turn: Turn,
  { root, peer }: Extract<ContributorEvent, { type: 'source-failed' }>,
): void {
  const { admission } = turn.device;
  if (admission === undefined || modelFile(admission.manifest).root !== root) return;
  const { failed } = admission;
  if (failed.length >= FAILED_SOURCES_MAX || failed.includes(peer)) return;
  failed.push(peer);
  seek(turn, admission);
}

/** Takes a fetch that belongs to the admission; says whether it did. */
export function finishAdmissionFetch(
  turn: Turn,
  event: Extract<ContributorEvent, { type: 'fetched' }>,
): boolean {
  const { admission } = turn.device;
  const what = admission?.fetches.get(event.fetch);
  if (admission === undefined || what === undefined) return false;
  admission.fetches.delete(event.fetch);
  const answer = what.answer === undefined ? undefined : admission.answers[what.answer];
  if (answer !== undefined && what.part !== 'model' && event.bytes !== undefined) {
    answer[what.part] = event.bytes;
  }
  if (admission.fetches.size > 0) return true;
  // The figures of a finished download stay for the person who watches; a kept model had none.
  const { download } = turn.device;
  if (download !== undefined && download.received < download.total) delete turn.device.download;
  admission.stage = 'awaiting-runtime';
  resumeAdmission(turn);
  return true;
}

/** Goes on where the runtime has come: no deadline of a trial runs while something is fetched. */
export function resumeAdmission(turn: Turn): void {
  const { admission, packages } = turn.device;
  if (admission?.stage !== 'awaiting-runtime') return;
  if (admission.answers.length > 0) return nextTrial(turn);
  const kept = packages.get(admission.package)?.admission;
  if (kept !== undefined && !askRuntime(turn, kept.provider)) return;
  delete turn.device.admission;
  announce(turn, admission.package);
}

/** A download for the admission failed: it goes on where it stopped, after 1, 2, 4 … 30 s. */
export function failAdmissionFetch(turn: Turn, fetch: FetchId, refusal: Refusal): boolean {
  const { admission } = turn.device;
  if (admission?.fetches.has(fetch) !== true) return false;
  for (const id of admission.fetches.keys()) {
    if (id !== fetch) turn.effects.push({ type: 'cancel-fetch', fetch: id });
  }
  retryLater(turn, admission, refusal);
  return true;
}
