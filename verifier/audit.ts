import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { replaceFile } from '#node/files.ts';
import { verify } from '#node/verify.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { Digest } from '#protocol/values/ids.ts';
import { auditEpoch } from './core/audit/audit.ts';
import { auditSettlement } from './core/audit/settlement.ts';
import { type AuditSource, readEvidence } from './edge/audit-evidence.ts';
import { readSettlement } from './edge/settlement/settlement-evidence.ts';

const HELP = `npm run audit -- --epoch N | --settlement N [options]

  --epoch N      the epoch of draws to recompute, whose seed must be revealed; and the newest final
                 epoch of settlement, where the grid has a chain: its roots are made again of
                 receipts and other public facts, and compared with the chain
  --settlement N that epoch of settlement alone, one of the last eight
  --hub URL      the hub (default http://127.0.0.1:8787)
  --log PLACE    log.jsonl of a verifier: a file, or the address of its log page
                 (default: the one log under ./data/verifier)
  --head FILE    the head of the log that the last audit saw; this one must continue it, and its
                 own head is written there
  --seed-hash H  the SHA-256 that you wrote down when the epoch was opened
  --rpc-url URL  your own way to the chain, instead of the one the hub names
  --insecure     accepts a self-signed certificate, as npm start -- --lan has

Reads public records only. Exit status: 0 when nothing is wrong, 1 for any fault, 2 for a wrong
call, 3 when the epoch is not revealed yet.`;
/** Faults shown; one cause may have very many. */
const FAULTS_SHOWN = 50;

/** Recomputes from public records which units had to be checked, and what came of it. */
async function main(): Promise<number> {
  const flags = await readFlags();
  if (flags === undefined) return say([HELP], 0);
  const money = await auditMoney(flags);
  return flags.draws === undefined ? money : Math.max(money, await auditDraws(flags.draws));
}

async function auditMoney(flags: Flags): Promise<number> {
  const evidence = await readSettlement(flags.settlement, flags);
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

interface Flags {
  rpcUrl?: URL;
  hub: URL;
  insecure: boolean;
  settlement: number | undefined;
  draws: AuditSource | undefined;
}

async function readFlags(): Promise<Flags | undefined> {
  const { values } = parseArgs({
    options: {
      epoch: { type: 'string' },
      settlement: { type: 'string' },
      hub: { type: 'string', default: 'http://127.0.0.1:8787' },
      log: { type: 'string' },
      head: { type: 'string' },
      'seed-hash': { type: 'string' },
      'rpc-url': { type: 'string' },
      insecure: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const epoch = readNumber('--epoch', values.epoch);
  const settlement = readNumber('--settlement', values.settlement);
  if (epoch === undefined && settlement === undefined) {
    throw new Error(`--epoch or --settlement takes a number\n\n${HELP}`);
  }
  if (!URL.canParse(values.hub)) throw new Error(`--hub takes an address, not ${values.hub}`);
  const noted = values['seed-hash'];
  const seedHash = noted === undefined ? undefined : decodeWith(Digest, noted);
  if (seedHash?.ok === false) throw new Error(`--seed-hash: ${seedHash.refusal.message}`);
  const rpc = values['rpc-url'];
  if (rpc !== undefined && !URL.canParse(rpc))
    throw new Error(`--rpc-url takes an address, not ${rpc}`);
  const rpcUrl = rpc === undefined ? {} : { rpcUrl: new URL(rpc) };
  const place = { hub: new URL(values.hub), insecure: values.insecure, ...rpcUrl };
  if (epoch === undefined) return { ...place, settlement, draws: undefined };
  const draws = {
    ...place,
    epoch,
    log: values.log ?? (await findLog(join('data', 'verifier'))),
    ...(values.head === undefined ? {} : { headFile: values.head }),
    ...(seedHash === undefined ? {} : { seedHash: seedHash.value }),
  };
  return { ...place, settlement, draws };
}

function readNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Error(`${flag} takes a number, not ${text}`);
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
