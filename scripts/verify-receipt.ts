import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { readFlags, Text } from '#node/flags.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { reportReceipts } from './receipt/report.ts';

const USAGE = `npm run verify-receipt -- FILE [--hub-key HEX]

  FILE           a receipt, or the receipts of a job as the dashboard and the API give them
  --hub-key HEX  the hub's public key, as /v1/health says it; without it the receipt names its own

Uses no network. Exit status: 0 when every receipt holds, 1 when one does not, 2 for a wrong call.`;

/** `npm run verify-receipt`: says what a receipt proves, or which field of it was changed. */
async function main(): Promise<number> {
  const schemas = { file: Text, 'hub-key': v.exactOptional(PublicKey) };
  const flags = readFlags(schemas, { words: ['file'] });
  if (flags === 'help') return say(USAGE, 0);
  const text = await readFile(flags.file, 'utf8');
  const { whole, lines } = reportReceipts(text, flags['hub-key']);
  return say(lines.join('\n'), whole ? 0 : 1);
}

function say(text: string, status: number): number {
  process.stdout.write(`${text}\n`);
  return status;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
