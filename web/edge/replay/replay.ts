import { t } from '@lingui/core/macro';
import { digest } from '#protocol/bytes/digest.ts';
import { type ComputeReply, loadRuntime } from '#protocol/messages/compute.ts';
import { type PackageManifest, REFERENCE_LANE, type Variant } from '#protocol/models/package.ts';
import { checkReceipt } from '#protocol/records/receipt-check.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import {
  fault,
  PocketgridError,
  type Refusal,
  type Result,
  refusal,
} from '#protocol/values/refusal.ts';
import {
  isEnd,
  REPLAY_START,
  type ReplayAsk,
  type ReplayEvent,
  type ReplayState,
  replayDeadlineMs,
  stepReplay,
} from '../../core/replay.ts';
import {
  compareReplay,
  judgedFingerprint,
  readUnitDigests,
  type UnitOutputs,
} from '../../core/replay-finding.ts';
import type { KeyedRequest } from '../hub.ts';
import { openReplayBlobs, type ReplayBlobs } from './blobs.ts';
import { openReplayCompute, type ReplayCompute } from './compute.ts';

export interface OpenReplay {
  /** Ends it at once and frees the runtime. */
  cancel(): void;
}

type Tell = (event: ReplayEvent) => void;
type Busy = Extract<ReplayEvent, { type: 'moved' }>['to'];

/**
 * Executes one unit of a receipt again in this tab, on the exact lane. Runtime and model are loaded
 * only now, and freed when it ends. `hub` is the key of the hub this page came from.
 */
export function openReplay(
  asked: ReplayAsk & { request: KeyedRequest; hub: PublicKey | undefined },
  onState: (state: ReplayState) => void,
): OpenReplay {
  const abort = new AbortController();
  let replay = REPLAY_START;
  let manifest: PackageManifest | undefined;
  let timer = 0;
  const tell: Tell = (event) => {
    const before = replay.state;
    replay = stepReplay(replay, event);
    if (replay.state === before) return;
    clearTimeout(timer);
    if (isEnd(replay.state)) abort.abort();
    else
      timer = setTimeout(
        () => tell({ type: 'deadline' }),
        replayDeadlineMs(replay.state, manifest),
      );
    onState(replay.state);
  };
  const { signal } = abort;
  const blobs = openReplayBlobs(asked.request, signal);
  onState(replay.state);
  execute({
    asked,
    blobs,
    signal,
    tell,
    onManifest: (found) => {
      manifest = found;
    },
  }).catch((error: unknown) => tell({ type: 'failed', refusal: refusalOf(error) }));
  return { cancel: () => tell({ type: 'cancel' }) };
}

async function execute(world: {
  asked: ReplayAsk & { hub: PublicKey | undefined };
  blobs: ReplayBlobs;
  signal: AbortSignal;
  tell: Tell;
  onManifest(manifest: PackageManifest): void;
}): Promise<void> {
  const { asked, blobs, signal, tell } = world;
  const { receipt, unit } = asked;
  const move = (to: Busy) => tell({ type: 'moved', to });
  tell({ type: 'checked', faults: checkReceipt(receipt, asked.hub) });
  const digests = orThrow(readUnitDigests(receipt, unit));
  move({ name: 'fetching', what: 'package' });
  const manifest = await blobs.package(receipt.shard.package);
  world.onManifest(manifest);
  checkLane(manifest);
  move({ name: 'fetching', what: 'inputs' });
  const length = unitBytes(manifest.runtime.inputs);
  const { root, firstUnit = 0 } = receipt.inputs;
  const inputs = await blobs.inputs({
    root,
    offset: (unit - firstUnit) * length,
    length,
    digest: digests.inputs,
  });
  move({ name: 'fetching', what: 'model' });
  const { file } = manifest.variants[0] as Variant;
  const model = await blobs.model(file, (share) =>
    move({ name: 'fetching', what: 'model', share }),
  );
  const replayed = await compute({ manifest, model, inputs, signal, move });
  move({ name: 'fetching', what: 'outputs' });
  const bytes = await blobs.outputs(unit, receipt.shard);
  const held = bytes === undefined ? undefined : { bytes, digest: digest(bytes) };
  const { claimed } = digests;
  const fingerprint =
    manifest.runtime.taps.length > 0
      ? (judgedFingerprint(receipt, unit) ?? (await blobs.fingerprint(unit, receipt.shard)))
      : undefined;
  const finding = compareReplay({
    receipt,
    unit,
    claimed,
    manifest,
    replayed,
    held,
    fingerprint,
  });
  tell({ type: 'found', finding });
}

/** Another version of the runtime may give other bits: then nothing would be shown either way. */
function checkLane({ runtime: { reference } }: PackageManifest): void {
  if (reference.version === REFERENCE_LANE.version) return;
  const message = t`This package is pinned to ${reference.runtime} ${reference.version}; this page carries ${REFERENCE_LANE.version}. Replay it on a page of that version.`;
  throw fault('provider-unavailable', message);
}

/** One unit on the exact lane: wasm, one thread, the package's graph level. */
async function compute(work: {
  manifest: PackageManifest;
  model: Uint8Array<ArrayBuffer>;
  inputs: Uint8Array<ArrayBuffer>;
  signal: AbortSignal;
  move(to: Busy): void;
}): Promise<UnitOutputs> {
  const { manifest, model, inputs, signal, move } = work;
  signal.throwIfAborted();
  const worker = openReplayCompute();
  const close = () => worker.close();
  signal.addEventListener('abort', close);
  try {
    move({ name: 'loading' });
    await load(worker, manifest, model);
    move({ name: 'running' });
    const ran = await worker.ask({ type: 'run', run: 1, unitCount: 1, inputs }, [inputs.buffer]);
    return readRan(ran);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

const load = (worker: ReplayCompute, manifest: PackageManifest, model: Uint8Array<ArrayBuffer>) =>
  worker.ask(
    {
      type: 'load',
      model,
      provider: 'wasm',
      threads: 1,
      runtime: loadRuntime(manifest.runtime),
    },
    [model.buffer],
  );

function readRan(reply: ComputeReply): UnitOutputs {
  if (reply.type === 'ran') {
    const { bytes, taps } = reply;
    return { bytes, digest: digest(bytes), ...(taps === undefined ? {} : { taps: taps.bytes }) };
  }
  const message = t`The compute worker answered ${reply.type} to a run; reload the page.`;
  throw fault('internal', message);
}

function orThrow<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new PocketgridError(result.refusal);
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof PocketgridError) return error.refusal;
  const text = error instanceof Error ? error.message : String(error);
  return refusal('internal', t`The replay broke off: ${text || t`no reason given`}. Try again.`);
}
