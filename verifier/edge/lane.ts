import { createHash } from 'node:crypto';
import type { HubClient } from '#client/client.ts';
import { readAcceptedFingerprint, readAcceptedOutputs } from '#client/results.ts';
import type { UnitFingerprint } from '#protocol/api/api.ts';
import { signingBytes, verifySignature } from '#protocol/bytes/signature.ts';
import { FRAME_BYTES_MAX } from '#protocol/messages/control.ts';
import type { Runtime } from '#protocol/models/package.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { Digest } from '#protocol/values/ids.ts';
import {
  accept,
  fault,
  must,
  PocketgridError,
  type Result,
  refuse,
} from '#protocol/values/refusal.ts';
import type { Preparation, Reference, VerifierEffect } from '../core/state/events.ts';
import { decode } from './kinds/decode.ts';
import { graph } from './kinds/graph.ts';
import type { Kind, World } from './kinds/kind.ts';

type Effect<T extends VerifierEffect['type']> = Extract<VerifierEffect, { type: T }>;

const FINGERPRINT_ANSWER_BYTES_MAX = 64 * 1024;

const KINDS: Record<Runtime['kind'], Kind> = { graph, decode };

/** Re-execution on the exact lane, and what else a verdict needs. */
export interface Lane {
  execute(effect: Effect<'execute'>): Promise<Result<Reference>>;
  claim(effect: Effect<'claim'>): Promise<Result<Reference>>;
  fingerprint(effect: Effect<'fingerprint'>): Promise<Result<UnitFingerprint>>;
  prepare(effect: Effect<'prepare'>): Promise<Result<Preparation>>;
  examine(effect: Effect<'examine'>): Promise<Result<readonly FailedItems[]>>;
}

export function openLane(world: World & { client: HubClient }): Lane {
  return {
    execute: (effect) => answer(() => KINDS[effect.manifest.runtime.kind].execute(world, effect)),
    claim: (effect) =>
      answer(async () => {
        const bounds = { bytesMax: FRAME_BYTES_MAX };
        const body = must(await readAcceptedOutputs(world.client, effect, bounds));
        return { digest: createHash('sha256').update(body).digest('hex') as Digest, bytes: body };
      }),
    fingerprint: (effect) => answer(() => fingerprint(world.client, effect)),
    examine: (effect) => answer(() => KINDS[effect.manifest.runtime.kind].examine(world, effect)),
    prepare: (effect) =>
      answer(() => KINDS[effect.draft.runtime.kind].prepare(world.blobs, effect)),
  };
}

async function answer<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return accept(await work());
  } catch (error) {
    if (error instanceof PocketgridError) return { ok: false, refusal: error.refusal };
    const text = error instanceof Error ? error.message : String(error);
    return refuse('internal', `the verifier could not finish this: ${text.slice(0, 400)}`);
  }
}

/** The log entry decides the seed: only the one the hub signed for this commitment will do. */
async function fingerprint(
  client: HubClient,
  { job, unit, lease, commitment, hub }: Effect<'fingerprint'>,
): Promise<UnitFingerprint> {
  const bounds = { bytesMax: FINGERPRINT_ANSWER_BYTES_MAX };
  const found = must(await readAcceptedFingerprint(client, { job, unit, lease }, bounds));
  const { log, logSignature } = found;
  const signed = verifySignature(hub, signingBytes('log-entry', log), logSignature);
  if (signed && log.commitment === (commitment ?? log.commitment)) return found;
  const message = `the hub gave unit ${unit} of ${job} a log entry that it did not sign for it`;
  throw fault('signature-wrong', message);
}
