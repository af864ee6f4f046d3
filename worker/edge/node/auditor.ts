import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { VerdictPage } from '#protocol/api.ts';
import { decodeWith } from '#protocol/decode.ts';
import type { JobId, PublicKey } from '#protocol/ids.ts';
import type { SignedVerdict } from '#protocol/records.ts';
import { signingBytes, verifySignature } from '#protocol/signature.ts';
import type { OpenComputePort } from '../ports.ts';
import { changeUnits } from './change-units.ts';

const PAGE = 500;
const CALL_MS_MAX = 30_000;

/** Digests of outputs that were falsified on purpose: known before any verdict on them can exist. */
export interface Diary {
  has(claimed: string): boolean;
  readonly count: number;
  /** On disk when it returns. */
  note(claimed: string, truth: string): void;
  close(): void;
}

/** Opens the diary of an auditor, one line of JSON for each forced error, and reads what it holds. */
export function openDiary(file: string): Diary {
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(file, 'a+', 0o600);
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const known = new Set(lines.map((line) => (JSON.parse(line) as { claimed: string }).claimed));
  return {
    has: (claimed) => known.has(claimed),
    get count() {
      return known.size;
    },
    note(claimed, truth) {
      writeSync(handle, `${JSON.stringify({ claimed, truth })}\n`);
      fsyncSync(handle);
      known.add(claimed);
    },
    close: () => closeSync(handle),
  };
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Falsifies one in `every` units before they are committed to, and writes each down first: its first
 * byte is inverted, which no verifier that executes the unit can take for right.
 */
export function forceErrors(
  errors: { every: number; diary: Diary; random?: () => number },
  openPort: OpenComputePort,
): OpenComputePort {
  const { every, diary, random = Math.random } = errors;
  return changeUnits(openPort, (truth) => {
    if (random() * every >= 1) return undefined;
    const wrong = truth.map((byte, at) => (at === 0 ? byte ^ 0xff : byte));
    diary.note(digestOf(wrong), digestOf(truth));
    return wrong;
  });
}

/** What verifiers made of the forced errors of a device. */
export interface ErrorReport {
  forced: number;
  /** Verdicts that say mismatch. */
  caught: number;
  /** Verdicts that pass a unit known to be wrong, each with a signature that holds. */
  passed: { verifier: PublicKey; job: JobId; unit: number }[];
}

/**
 * Holds verdicts against a diary. Nobody needs to believe the diary: whoever executes the unit of a
 * verdict that passed sees that it is wrong.
 */
export function judgeVerdicts(
  device: PublicKey,
  diary: Pick<Diary, 'has' | 'count'>,
  verdicts: readonly SignedVerdict[],
): ErrorReport {
  const report: ErrorReport = { forced: diary.count, caught: 0, passed: [] };
  for (const { verdict, signature } of verdicts) {
    if (verdict.device !== device || !diary.has(verdict.claimed)) continue;
    const { verifier, job, unit } = verdict;
    if (!verifySignature(verifier, signingBytes('verdict', verdict), signature)) continue;
    if (verdict.kind === 'mismatch') report.caught += 1;
    if (verdict.kind === 'match') report.passed.push({ verifier, job, unit });
  }
  return report;
}

/** All verdicts of a hub. Throws when it does not answer as a hub does. */
export async function readVerdicts(hub: URL): Promise<SignedVerdict[]> {
  const found: SignedVerdict[] = [];
  for (let after = 0; ; ) {
    const url = new URL(`/v1/verdicts?after=${after}&limit=${PAGE}`, hub);
    const response = await fetch(url, { signal: AbortSignal.timeout(CALL_MS_MAX) });
    const page = decodeWith(VerdictPage, await response.json());
    if (!page.ok) throw new Error(`${url} is no page of verdicts: ${page.refusal.message}`);
    found.push(...page.value.verdicts.map(({ signed }) => signed));
    if (page.value.verdicts.length === 0 || page.value.next <= after) return found;
    after = page.value.next;
  }
}

/** The report in lines for a terminal. */
export function describeErrors({ forced, caught, passed }: ErrorReport): string[] {
  const lines = [`${forced} forced errors, ${caught} verdicts on them say mismatch`];
  for (const { verifier, job, unit } of passed) {
    lines.push(`verifier ${verifier} passed unit ${unit} of ${job}, which is known to be wrong`);
  }
  if (passed.length === 0) lines.push('no verifier passed one of them');
  return lines;
}
