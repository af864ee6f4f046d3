import { createHash, randomBytes } from 'node:crypto';
import { digestCommitment } from '#protocol/bytes/digest.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { Lease } from '#protocol/records/records.ts';
import type { LeaseId, Nonce } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { makeIdentity } from './identity.ts';
import { openSession, type Session } from './session.ts';

/** Said of each unit, so that every shard is one unit long and no deadline comes near. */
export const UNIT_MS = 5_000;

export interface DeviceOptions {
  hub: string;
  unitOutputBytes: number;
  /** How long it takes for a shard; at once unless it is said. */
  shardMs?: number;
  /** Called for each shard that the hub says is on disk. */
  accepted(): void;
  failed(message: string): void;
}

/**
 * A device that speaks the whole protocol with real signatures and computes nothing: its outputs
 * are random bytes, committed to and revealed like any others.
 */
export async function openDevice(options: DeviceOptions): Promise<Session> {
  const identity = makeIdentity();
  const held = new Map<LeaseId, { salt: Nonce; outputs: Uint8Array; units: number }>();
  const commit = (session: Session, { id: lease, unitCount }: Lease) => {
    const outputs = randomBytes(unitCount * options.unitOutputBytes);
    const salt = randomBytes(32).toString('hex') as Nonce;
    const digests = digestUnits(outputs, options.unitOutputBytes);
    const commitment = digestCommitment({ lease, device: identity.key, salt, digests });
    const record = { lease, device: identity.key, commitment };
    held.set(lease, { salt, outputs, units: unitCount });
    session.send({ type: 'request' });
    session.send({
      type: 'commit',
      lease,
      commitment,
      signature: identity.sign('commitment', record),
    });
  };
  const hear = (message: HubMessage, session: Session) => {
    switch (message.type) {
      case 'admit': {
        const ran = { provider: 'wasm', dtype: 'f32', threads: 1 } as const;
        const admitted = { ...ran, package: message.id, unitMs: millis(UNIT_MS), trials: [] };
        return session.send({ type: 'admitted', ...admitted });
      }
      case 'lease':
        if (options.shardMs === undefined) return commit(session, message.lease);
        return void setTimeout(() => commit(session, message.lease), options.shardMs);
      case 'logged': {
        const { lease } = message;
        const shard = held.get(lease);
        if (shard === undefined) return;
        const computeMs = millis(UNIT_MS * shard.units);
        const reveal = { lease, salt: shard.salt, computeMs };
        return session.sendFrame({ type: 'reveal', reveal }, shard.outputs);
      }
      case 'accepted':
        held.delete(message.lease);
        return options.accepted();
      case 'declined':
      case 'revoked':
        return options.failed(`${message.code}: ${message.message}`);
      default:
        return;
    }
  };
  return openSession({ hub: options.hub, role: 'contributor', identity, hear });
}

function digestUnits(outputs: Uint8Array, unitBytes: number): Uint8Array {
  const digests: Buffer[] = [];
  for (let at = 0; at < outputs.length; at += unitBytes) {
    const unit = outputs.subarray(at, at + unitBytes);
    digests.push(createHash('sha256').update(unit).digest());
  }
  return Buffer.concat(digests);
}
