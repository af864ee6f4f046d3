import type { JobView } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import type { AddedInputs } from '../forms/add-inputs.ts';
import { checkBudget } from './budget.ts';
import type { ApiPorts } from './route.ts';

/** Adds units to an open job, within the budget of the key. Answers once they are on disk. */
export async function addUnits(
  ports: ApiPorts,
  key: KeyView,
  { job, added: { bytes, ...units } }: { job: JobId; added: AddedInputs },
): Promise<Result<JobView | null>> {
  const { units: count, inputs } = units;
  await checkBudget(ports, key, { items: count, units: count, unitPrice: lamports(0n) });
  ports.freshUnits.keep(inputs.root, bytes);
  return ports.loop.command({ type: 'add-inputs', job, ...units });
}
