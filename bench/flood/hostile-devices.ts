import { randomBytes } from 'node:crypto';
import type { ClientMessage, HubMessage } from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import type { Lease } from '#protocol/records/records.ts';
import type { Digest, Nonce } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { UNIT_MS } from '../dispatch/synthetic-device.ts';
import type { Stranger } from './stranger.ts';

/** Of an output of the bench's model: ten f32. */
const UNIT_BYTES = 40;

const say = ({ socket }: Stranger, message: ClientMessage) => socket.send(JSON.stringify(message));

/** Asks for a lease and never delivers it. */
export function keepLease(stranger: Stranger, message: HubMessage): void {
  if (message.type === 'welcome') return say(stranger, { type: 'request' });
  if (message.type === 'beat') return say(stranger, { type: 'beat' });
  if (message.type !== 'admit') return;
  const ran = { provider: 'wasm', dtype: 'f32', threads: 1 } as const;
  const admitted = { ...ran, package: message.id, unitMs: millis(UNIT_MS), trials: [] };
  say(stranger, { type: 'admitted', ...admitted });
}

/** Takes a lease, commits to something and reveals something else; then it comes under another key. */
export function revealGarbage(stranger: Stranger, message: HubMessage): void {
  if (message.type === 'lease') commit(stranger, message.lease);
  else if (message.type === 'revoked') stranger.socket.terminate();
  else keepLease(stranger, message);
}

function commit(stranger: Stranger, { id: lease, unitCount }: Lease): void {
  const { identity, socket } = stranger;
  const commitment = randomBytes(32).toString('hex') as Digest;
  const record = { lease, device: identity.key, commitment };
  const signature = identity.sign('commitment', record);
  say(stranger, { type: 'commit', lease, commitment, signature });
  socket.on('message', (data) => {
    if ((JSON.parse(String(data)) as HubMessage).type !== 'logged') return;
    const salt = randomBytes(32).toString('hex') as Nonce;
    const reveal = { lease, salt, computeMs: millis(UNIT_MS) };
    socket.send(encodeFrame({ type: 'reveal', reveal }, randomBytes(unitCount * UNIT_BYTES)));
  });
}
