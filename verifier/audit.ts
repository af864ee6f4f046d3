import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '#node/files.ts';
import { verify } from '#node/verify.ts';
import { auditEpoch } from './core/audit/audit.ts';
import { auditSettlement } from './core/audit/settlement.ts';
import { type AuditSource, readEvidence } from './edge/audit-evidence.ts';
import { type AuditFlags, HELP, readAuditFlags } from './edge/audit-flags.ts';
import { readSettlement } from './edge/settlement/settlement-evidence.ts';

/** Faults shown; one cause may have very many. */
const FAULTS_SHOWN = 50;

/** Recomputes from public records which units had to be checked, and what came of it. */
async function main(): Promise<number> {
  const flags = readAuditFlags();
  if (flags === 'help') return say([HELP], 0);
  const { epoch, hub, pin } = flags;
  if (epoch === undefined) return auditMoney(flags);
  const draws = {
    ...{ epoch, hub, pin },
    log: flags.log ?? (await findLog(join('data', 'verifier'))),
    headFile: flags.head,
    seedHash: flags['seed-hash'],
  };
  return Math.max(await auditMoney(flags), await auditDraws(draws));
}

async function auditMoney(flags: AuditFlags): Promise<number> {
  const evidence = await readSettlement(flags.settlement, { ...flags, rpcUrl: flags['rpc-url'] });
  if (evidence === undefined)
    return say(['Settlement: no epoch is final on a chain of this grid.'], 0);
  const report = auditSettlement(evidence, {
    verify,
    hash: (data) => new Uint8Array(createHash('sha256').update(data).digest()),
  });
  return tell(`Settlement ${evidence.root.period}`, report);
}

async function auditDraws(source: AuditSource): Promise<number> {
  const evidence = await readEvidence(source);
  const report = auditEpoch(evidence, verify);
  if (report.state !== 'audited') return say([report.message], report.state === 'unknown' ? 2 : 3);
  const status = tell(`Epoch ${source.epoch}`, report);
  if (source.headFile !== undefined && status === 0) {
    await replaceFile(source.headFile, `${JSON.stringify(evidence.head)}\n`, 0o644);
  }
  return status;
}

interface Audited {
  checked: string[];
  faults: readonly { code: string; message: string }[];
}

function tell(title: string, { checked, faults }: Audited): number {
  const shown = faults.slice(0, FAULTS_SHOWN).map(({ code, message }) => `- ${code}: ${message}`);
  const more = faults.length - shown.length;
  return say(
    [
      `${title}, checked:`,
      ...checked.map((line) => `- ${line}`),
      faults.length === 0 ? 'Nothing is wrong.' : `${faults.length} faults:`,
      ...shown,
      ...(more > 0 ? [`- and ${more} more`] : []),
    ],
    faults.length === 0 ? 0 : 1,
  );
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
