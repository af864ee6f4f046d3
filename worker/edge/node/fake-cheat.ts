import { createHash } from 'node:crypto';
import type { OpenComputePort } from '../ports.ts';

/**
 * A fake cheat, for tests of the grid: falsifies this share of the units of each shard before they
 * are committed to. Admission runs hold one unit and stay honest, as a clever cheat's would.
 */
export function fakeCheat(rate: number, openPort: OpenComputePort): OpenComputePort {
  return (provider, on) =>
    openPort(provider, {
      ...on,
      reply(reply) {
        const units = reply.type === 'ran' ? reply.digests.length / 32 : 0;
        if (reply.type === 'ran' && units > 1) {
          const unitBytes = reply.bytes.length / units;
          for (let unit = 0; unit < units; unit += 1) {
            if (Math.random() >= rate) continue;
            const outputs = reply.bytes.subarray(unit * unitBytes, (unit + 1) * unitBytes);
            outputs[0] = (outputs[0] ?? 0) ^ 0xff;
            reply.digests.set(createHash('sha256').update(outputs).digest(), unit * 32);
          }
        }
        on.reply(reply);
      },
    });
}
