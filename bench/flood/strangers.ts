import { createInterface } from 'node:readline';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { openDevice } from '../dispatch/synthetic-device.ts';

/**
 * Many devices in one process that ask for work and send random bytes. Told `{hub, open: N}` on
 * stdin; says `{working: N}` when all have asked.
 */
const OPEN_AT_ONCE = 100;
const OUTPUTS: TensorSpec[] = [{ name: 'scores', dtype: 'f32', shape: [1, 10] }];

async function open(hub: string, count: number): Promise<void> {
  let working = 0;
  for (let left = count; left > 0; left -= OPEN_AT_ONCE) {
    const group = Array.from({ length: Math.min(left, OPEN_AT_ONCE) }, () =>
      openDevice({
        hub,
        unitOutputBytes: unitBytes(OUTPUTS),
        accepted: () => undefined,
        // They are banned, as they should be.
        failed: () => undefined,
      }),
    );
    const sessions = await Promise.all(group);
    for (const session of sessions) session.send({ type: 'request' });
    working += sessions.length;
  }
  process.stdout.write(`${JSON.stringify({ working })}\n`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as { hub: string; open: number };
  await open(order.hub, order.open);
}
