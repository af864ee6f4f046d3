import type { Blocks, JobAbout } from '#protocol/api/about.ts';
import { why } from '#protocol/values/reason.ts';
import { dropAdmission } from './admission-end.ts';
import { removeShard, UNCOMMITTED } from './pipeline.ts';
import { isUnwanted, send, type Turn } from './state.ts';

/** Jobs of which is kept what they are. */
const ABOUTS_MAX = 64;

/** Keeps what a job is: it is told before work of it. */
export function receiveAbout({ device: { abouts } }: Turn, about: JobAbout): void {
  abouts.delete(about.job);
  abouts.set(about.job, about);
  const [oldest] = abouts.keys();
  if (abouts.size > ABOUTS_MAX && oldest !== undefined) abouts.delete(oldest);
}

/** Wants no work of these from now on: what it holds of them goes back, but for what is committed. */
export function block(turn: Turn, blocks: Blocks): void {
  const { device } = turn;
  device.blocks = blocks;
  send(turn, { type: 'block', blocks });
  for (const shard of device.shards) {
    if (!UNCOMMITTED.includes(shard.stage) || !isUnwanted(device, shard.lease.job)) continue;
    send(turn, { type: 'give-back', lease: shard.lease.id, reason: why('blocked', {}) });
    removeShard(turn, shard);
  }
  const { admission } = device;
  if (admission !== undefined && isUnwanted(device, admission.job)) dropAdmission(turn);
}
