import { createHash } from 'node:crypto';
import type { OpenComputePort } from '../ports.ts';

const DIGEST_BYTES = 32;

/**
 * A compute port whose units go through `change` before they are committed to; undefined leaves one
 * as it is. Runs of a single unit are left alone: admission holds those.
 */
export function changeUnits(
  openPort: OpenComputePort,
  change: (truth: Uint8Array) => Uint8Array | undefined,
): OpenComputePort {
  return (provider, on) =>
    openPort(provider, {
      ...on,
      reply(reply) {
        const units = reply.type === 'ran' ? reply.digests.length / DIGEST_BYTES : 0;
        if (reply.type === 'ran' && units > 1) {
          const unitBytes = reply.bytes.length / units;
          for (let unit = 0; unit < units; unit += 1) {
            const outputs = reply.bytes.subarray(unit * unitBytes, (unit + 1) * unitBytes);
            const changed = change(outputs.slice());
            if (changed === undefined) continue;
            outputs.set(changed);
            const digest = createHash('sha256').update(outputs).digest();
            reply.digests.set(digest, unit * DIGEST_BYTES);
          }
        }
        on.reply(reply);
      },
    });
}
