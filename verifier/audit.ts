import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AuditReport, auditEpoch } from './core/audit.ts';
import { type AuditSource, readEvidence } from './edge/audit-evidence.ts';
import { replaceFile } from './edge/files.ts';
import { openVerify } from './edge/signature.ts';

const HELP = `npm run audit -- --epoch N [options]

  --epoch N      the epoch to recompute; its seed must be revealed
  --hub URL      the hub (default http://127.0.0.1:8787)
  --log PLACE    log.jsonl of a verifier: a file, or the address of its log page
                 (default: the one log under ./data/verifier)
  --head FILE    the head of the log that the last audit saw; this one must continue it, and its
                 own head is written there
  --insecure     accepts a self-signed certificate, as npm start -- --lan has

Reads public records only. Exit status: 0 when nothing is wrong, 1 for any fault, 2 for a wrong
call, 3 when the epoch is not revealed yet.`;
/** Faults shown; one cause may have very many. */
const FAULTS_SHOWN = 50;

/** `npm run audit`: recomputes from public records which units had to be checked, and what came of it. */
async function main(): Promise<number> {
  const source = await readFlags();
  if (source === undefined) return say([HELP], 0);
  const evidence = await readEvidence(source);
  const report = auditEpoch(evidence, openVerify());
  if (report.state !== 'audited') return say([report.message], report.state === 'unknown' ? 2 : 3);
  const status = tell(source.epoch, report);
  if (source.headFile !== undefined && status === 0) {
    await replaceFile(source.headFile, `${JSON.stringify(evidence.head)}\n`, 0o644);
  }
  return status;
}

function tell(epoch: number, report: Extract<AuditReport, { state: 'audited' }>): number {
  const { checked, faults } = report;
  const shown = faults.slice(0, FAULTS_SHOWN).map(({ code, message }) => `- ${code}: ${message}`);
  const more = faults.length - shown.length;
  return say(
    [
      `Epoch ${epoch}, checked:`,
      ...checked.map((line) => `- ${line}`),
      faults.length === 0 ? 'Nothing is wrong.' : `${faults.length} faults:`,
      ...shown,
      ...(more > 0 ? [`- and ${more} more`] : []),
    ],
    faults.length === 0 ? 0 : 1,
  );
}

async function readFlags(): Promise<AuditSource | undefined> {
  const { values } = parseArgs({
    options: {
      epoch: { type: 'string' },
      hub: { type: 'string', default: 'http://127.0.0.1:8787' },
      log: { type: 'string' },
      head: { type: 'string' },
      insecure: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  if (!/^\d{1,15}$/.test(values.epoch ?? '')) throw new Error(`--epoch takes a number\n\n${HELP}`);
  if (!URL.canParse(values.hub)) throw new Error(`--hub takes an address, not ${values.hub}`);
  return {
    epoch: Number(values.epoch),
    hub: new URL(values.hub),
    insecure: values.insecure,
    log: values.log ?? (await findLog(join('data', 'verifier'))),
    ...(values.head === undefined ? {} : { headFile: values.head }),
  };
}

/** A verifier keeps a folder for each hub it worked for. */
async function findLog(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const hubs = names.filter((name) => /^[0-9a-f]{16}$/.test(name));
  const [only] = hubs;
  if (only !== undefined && hubs.length === 1) return join(folder, only, 'log.jsonl');
  throw new Error(`${hubs.length} logs are under ${folder}; name one with --log`);
}

function say(lines: readonly string[], status: number): number {
  process.stdout.write(`${lines.join('\n')}\n`);
  return status;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`audit: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
