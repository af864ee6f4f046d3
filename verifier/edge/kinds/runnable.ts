import { isOfOneUnit } from '#protocol/messages/compute.ts';
import { attempt, fault, type Refusal } from '#protocol/values/refusal.ts';
import type { ComputeWorker, Ran } from '../compute-workers.ts';

/** Units of a job, and a worker to try them on. */
export interface Candidates {
  units: readonly number[];
  /** So many that run are enough. */
  most: number;
  readUnit(unit: number): Promise<Uint8Array<ArrayBuffer>>;
  open(): Promise<ComputeWorker>;
}

/** A unit that runs, with what went in and what came out. */
export interface RunUnit {
  unit: number;
  inputs: Uint8Array<ArrayBuffer>;
  ran: Ran;
}

/**
 * The first of some units that run; others hold an item that cannot be computed, which does not
 * speak against the model. Throws what the runtime said of the first one where none runs, and at
 * once where a unit does not end. The worker is the caller's.
 */
export async function runFirst(
  candidates: Candidates,
): Promise<{ units: RunUnit[]; worker: ComputeWorker }> {
  const { most, readUnit, open } = candidates;
  const units: RunUnit[] = [];
  let refused: Refusal | undefined;
  let worker = await open();
  for (const unit of candidates.units) {
    if (units.length >= most) break;
    const inputs = await readUnit(unit);
    const { run } = worker;
    const ran = await attempt(() => run(new Uint8Array(inputs), 1));
    if (ran.ok) units.push({ unit, inputs, ran: ran.value });
    else {
      refused ??= ran.refusal;
      if (isOfOneUnit(ran.refusal)) continue;
      await worker.close();
      if (ran.refusal.code === 'provider-timeout') throw asFault(ran.refusal);
      worker = await open();
    }
  }
  if (units.length > 0 || refused === undefined) return { units, worker };
  await worker.close();
  throw asFault(refused);
}

const asFault = ({ code, message }: Refusal) => fault(code, message);
