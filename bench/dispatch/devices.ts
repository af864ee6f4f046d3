import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { makeIdentity } from './identity.ts';
import type { Session } from './session.ts';
import { openDevice } from './synthetic-device.ts';
import { openVerifier } from './synthetic-verifier.ts';

/**
 * Many synthetic devices and a verifier in one process, told what to do by lines of JSON on stdin:
 * `{hub}`, then `{open: N, shardMs}`, `{work: true}` and `{measure: seconds}`. Each is answered by a
 * line.
 */
const OPEN_AT_ONCE = 100;
const OUTPUTS: TensorSpec[] = [{ name: 'scores', dtype: 'f32', shape: [1, 10] }];

const identity = makeIdentity();
const devices: Session[] = [];
const counted = { accepted: 0, failed: 0, failure: '' };
let hub = '';

const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function open(count: number, shardMs: unknown): Promise<void> {
  const pace = typeof shardMs === 'number' ? { shardMs } : {};
  for (let left = count; left > 0; left -= OPEN_AT_ONCE) {
    const group = Array.from({ length: Math.min(left, OPEN_AT_ONCE) }, () =>
      openDevice({
        hub,
        ...pace,
        unitOutputBytes: unitBytes(OUTPUTS),
        accepted: () => {
          counted.accepted += 1;
        },
        failed: (message) => {
          counted.failed += 1;
          counted.failure = message;
        },
      }),
    );
    devices.push(...(await Promise.all(group)));
  }
  say({ opened: devices.length });
}

async function measure(seconds: number): Promise<void> {
  const before = { ...counted };
  const started = performance.now();
  await sleep(seconds * 1000);
  say({
    accepted: counted.accepted - before.accepted,
    seconds: (performance.now() - started) / 1000,
    failed: counted.failed - before.failed,
    failure: counted.failure,
    cpuSeconds: process.cpuUsage().user / 1e6,
  });
}

async function obey(order: Record<string, unknown>): Promise<void> {
  if (typeof order['hub'] === 'string') {
    hub = order['hub'];
    await openVerifier(hub, identity, OUTPUTS);
    say({ joined: true });
  }
  if (typeof order['open'] === 'number') await open(order['open'], order['shardMs']);
  if (order['work'] === true) {
    for (const device of devices) device.send({ type: 'request' });
    say({ working: devices.length });
  }
  if (typeof order['measure'] === 'number') await measure(order['measure']);
}

say({ verifier: identity.key });
for await (const line of createInterface({ input: process.stdin })) {
  await obey(JSON.parse(line) as Record<string, unknown>);
}
