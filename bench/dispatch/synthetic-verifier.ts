import { NO_DECOYS } from '#protocol/checks/thresholds.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import type { Identity } from './identity.ts';
import { openSession, type Session } from './session.ts';
import { UNIT_MS } from './synthetic-device.ts';

/** Shards judged in one word: a real verifier answers in groups as well. */
const JUDGED_AT_ONCE = 256;
const JUDGED_MS = 200;

/** A verifier that draws nothing: it prepares jobs without running them and judges at once. */
export async function openVerifier(
  hub: string,
  identity: Identity,
  outputs: TensorSpec[],
): Promise<Session> {
  let seen = -1;
  let told = -1;
  let timer: NodeJS.Timeout | undefined;
  const tell = (session: Session) => {
    clearTimeout(timer);
    timer = undefined;
    told = seen;
    session.send({ type: 'judged', through: seen });
  };
  const hear = (message: HubMessage, session: Session) => {
    if (message.type === 'prepare') {
      const head = {
        type: 'prepared' as const,
        job: message.job,
        outputs,
        units: [0],
        unitMs: millis(UNIT_MS),
        peakBytes: bytes(1024 ** 2),
        decoys: NO_DECOYS,
      };
      session.sendFrame(head, new Uint8Array(unitBytes(outputs)));
    }
    if (message.type === 'examine') {
      const { job, unit } = message;
      session.send({ type: 'examined', job, unit, failed: [] });
    }
    if (message.type !== 'check') return;
    seen = Math.max(seen, message.shard.sequence);
    if (seen - told >= JUDGED_AT_ONCE) tell(session);
    else timer ??= setTimeout(() => tell(session), JUDGED_MS);
  };
  return openSession({ hub, role: 'verifier', identity, hear });
}
