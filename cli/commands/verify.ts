import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { HubClient } from '#client/client.ts';
import { readHealth } from '#client/grid.ts';
import { readJob } from '#client/jobs.ts';
import { readReceipts } from '#client/receipts.ts';
import { hasCode } from '#node/files.ts';
import { Text } from '#node/flags.ts';
import { isEnded } from '#protocol/api/job.ts';
import { JobId, PublicKey } from '#protocol/values/ids.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { type Answer, defineCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';
import { type ReceiptFinding, reportReceipts } from '../receipts/report.ts';
import type { World } from '../world.ts';

const HELP = `pocketgrid verify FILE | JOB [--hub-key HEX]

Says what receipts prove, or which field of one was changed. FILE holds a receipt, or the receipts of a job as the
dashboard, the API and pocketgrid receipts give them: no network is used. The receipts of JOB come from its hub, and
have to be of all its units.

  --hub-key HEX   the hub's public key, as /v1/health says it; without it a receipt in a file names its own
${HUB_HELP}

It ends with 0 when every receipt holds, and with 1 when one does not.`;

/** `pocketgrid verify`. */
export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'checks receipts, of a file without a network or of a job',
  help: HELP,
  words: ['receipts'],
  flags: { receipts: Text, 'hub-key': v.exactOptional(PublicKey), ...HUB_FLAGS },
  async run({ receipts: source, 'hub-key': key, ...place }, world) {
    const job = v.safeParse(JobId, source);
    if (!job.success) return judgeText(await readText(source), key);
    const hub = await openHub(world, placeOf(place));
    return judgeJob(hub, { job: job.output, key, world });
  },
});

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw fault('request-invalid', `there is no ${file}; name a file of receipts, or a job`);
  });
}

function judgeText(text: string, hub: PublicKey | undefined) {
  const { whole, lines, found } = reportReceipts(text, hub);
  const json = { whole, receipts: found.map(sayFinding) };
  return { lines, json, found, code: whole ? EXIT.done : EXIT.refused };
}

const sayFinding = ({ receipt, faults }: ReceiptFinding) => {
  if (receipt === undefined) return { faults };
  const { job, firstUnit, unitCount, device } = receipt.shard;
  const verdicts = receipt.verdicts.map(({ verdict: { unit, kind } }) => ({ unit, kind }));
  return { job, firstUnit, unitCount, device, verdicts, faults };
};

/** Receipts as the hub gives them now, and whether they are of all that it accepted. */
async function judgeJob(
  hub: HubClient,
  { job: id, key, world }: { job: JobId; key: PublicKey | undefined; world: World },
): Promise<Answer> {
  const { signal } = world;
  const job = must(await readJob(hub, id, { signal }));
  const receipts = must(await readReceipts(hub, id, { signal }));
  if (receipts.length === 0) {
    throw fault(
      'job-state',
      `${id} has no receipts yet: it is ${job.state}, and nothing is accepted`,
    );
  }
  const hubKey = key ?? must(await readHealth(hub, { signal })).hub;
  const judged = judgeText(JSON.stringify({ receipts }), hubKey);
  const units = new Set(
    judged.found.flatMap(({ receipt, faults }) => {
      if (receipt === undefined || faults.length > 0 || receipt.shard.job !== id) return [];
      const { firstUnit, unitCount } = receipt.shard;
      return Array.from({ length: unitCount }, (_, at) => firstUnit + at);
    }),
  );
  const isShort = isEnded(job.state) && units.size < job.accepted;
  const line = `${units.size} of ${job.accepted} accepted units have a receipt that holds`;
  return {
    lines: [...judged.lines, '', line],
    json: { ...(judged.json as object), accepted: job.accepted, proved: units.size },
    code: isShort ? EXIT.refused : judged.code,
  };
}
