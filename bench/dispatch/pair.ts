import { join } from 'node:path';
import { openProgram, type Program } from '../command.ts';
import { type BenchHub, type HubContext, openHub } from '../hub.ts';

const ANSWER_MS_MAX = 180_000;

/** The real hub, and synthetic devices with their verifier, each a process. */
export async function openPair(
  context: HubContext,
  name: string,
): Promise<{ hub: BenchHub; devices: Program }> {
  const devices = openProgram(['bench/dispatch/devices.ts'], context);
  const { verifier } = await devices.hear('verifier', ANSWER_MS_MAX);
  const words = ['--verifier-key', String(verifier), '--newcomers', 'unlimited'];
  const hub = await openHub(context, join(context.folder, name), words);
  devices.tell({ hub: hub.url });
  await devices.hear('joined', ANSWER_MS_MAX);
  return { hub, devices };
}
