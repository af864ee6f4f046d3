import { type Reason, why } from '#protocol/values/reason.ts';
import { after, between, bytes, millis } from '#protocol/values/units.ts';
import { stopEngines } from './engine.ts';
import type { WorkerId } from './events.ts';
import { remember } from './memory.ts';
import { send, type Turn } from './state.ts';

const TRIAL_MS_MAX = 60_000;
/** A trial that failed is made again: the person may have closed what took the memory. */
const AGAIN_MS = 7 * 86_400_000;
const MIB = 2 ** 20;

/**
 * Begins a memory trial where the hub has work that needs more than this device has proven: a worker
 * takes so much and writes to it. Only what may end this tab is risked, and not twice in a week.
 */
export function considerMemory(turn: Turn, reason: Reason): void {
  const { device, world } = turn;
  if (reason.code !== 'capability-memory' || device.memoryTrial !== undefined) return;
  const { model, needMiB } = reason.values;
  const needed = bytes(needMiB * MIB);
  const { failed } = device.memory.heap ?? {};
  const isKnown =
    failed !== undefined && failed.bytes <= needed && between(failed.at, world.now) < AGAIN_MS;
  const isBusy = device.admission !== undefined || device.shards.length > 0;
  if (needed > device.config.provableBytes || isKnown || isBusy || device.hold !== undefined)
    return;
  stopEngines(turn);
  const worker = device.nextId++;
  device.memoryTrial = {
    worker,
    bytes: needed,
    deadlineAt: after(world.now, millis(TRIAL_MS_MAX)),
  };
  device.idle = why('memory-trial', { model, needMiB });
  device.memory.heap = { ...device.memory.heap, underway: { bytes: needed, at: world.now } };
  remember(turn, { type: 'memory-trial' });
}

/** That it was begun is on disk: the worker may take what it can. */
export function startMemoryTrial({ device, effects }: Turn): void {
  const { memoryTrial } = device;
  if (memoryTrial === undefined) return;
  effects.push({ type: 'prove', worker: memoryTrial.worker, bytes: memoryTrial.bytes });
}

/** Takes how the worker of a memory trial ended; says whether it was one. */
export function endMemoryTrial(turn: Turn, worker: WorkerId, isProven: boolean): boolean {
  const { device, world } = turn;
  const { memoryTrial } = device;
  if (memoryTrial?.worker !== worker) return false;
  const { bytes: tried } = memoryTrial;
  closeMemoryTrial(
    turn,
    isProven ? { proven: tried } : { failed: { bytes: tried, at: world.now } },
  );
  if (isProven) send(turn, { type: 'memory', bytes: tried });
  return true;
}

/** A trial that takes too long has failed: a device that swaps computes nothing in time. */
export function tickMemoryTrial(turn: Turn): void {
  const { memoryTrial } = turn.device;
  if (memoryTrial === undefined || memoryTrial.deadlineAt > turn.world.now) return;
  endMemoryTrial(turn, memoryTrial.worker, false);
}

/** Ends a memory trial without a finding: the page is hidden, or the person stopped. */
export function dropMemoryTrial(turn: Turn): void {
  if (turn.device.memoryTrial !== undefined) closeMemoryTrial(turn, {});
}

type Heap = NonNullable<Turn['device']['memory']['heap']>;

function closeMemoryTrial(turn: Turn, found: Omit<Heap, 'underway'>): void {
  const { device, effects } = turn;
  if (device.memoryTrial === undefined) return;
  effects.push({ type: 'terminate', worker: device.memoryTrial.worker });
  delete device.memoryTrial;
  delete device.idle;
  const { underway: _, ...known } = device.memory.heap ?? {};
  device.memory.heap = { ...known, ...found };
  remember(turn);
}
