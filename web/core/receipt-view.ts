import { plural, t } from '@lingui/core/macro';
import type { Receipt, VerdictKind } from '#protocol/records/records.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { formatCount, formatId } from './format.ts';

/** One receipt as a line of the job's page. */
export interface ReceiptView {
  title: string;
  /** Device and provider. */
  by: string;
  checks: { kind: VerdictKind | 'none'; text: string };
}

const WORST: readonly VerdictKind[] = ['mismatch', 'device-unfit', 'inconclusive', 'match'];

/** A receipt in words: which units, by whom, and what verifiers found. */
export function viewReceipt({ shard, verdicts }: Receipt): ReceiptView {
  const { firstUnit, unitCount, device, provider } = shard;
  const first = formatCount(firstUnit);
  const last = formatCount(firstUnit + unitCount - 1);
  const kinds = verdicts.map(({ verdict }) => verdict.kind);
  const kind = WORST.find((each) => kinds.includes(each)) ?? 'none';
  const units = new Set(verdicts.map(({ verdict }) => verdict.unit)).size;
  return {
    title: unitCount === 1 ? t`Unit ${first}` : t`Units ${first} to ${last}`,
    by: t`device ${formatId(device)} on ${provider}`,
    checks: {
      kind,
      text:
        kind === 'none'
          ? t`none re-executed`
          : t`${plural(units, { one: '# unit', other: '# units' })} re-executed`,
    },
  };
}

/** The unit a replay begins with: one that a verifier has judged, where there is one. */
export const firstChoice = ({ shard, verdicts }: Receipt): number =>
  verdicts[0]?.verdict.unit ?? shard.firstUnit;

/** The unit a person typed, when it is one of this receipt. */
export function decodeUnit({ shard }: Receipt, text: string): Result<number> {
  const { firstUnit, unitCount } = shard;
  const unit = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (unit >= firstUnit && unit < firstUnit + unitCount) return accept(unit);
  const last = firstUnit + unitCount - 1;
  return refuse('range-invalid', t`Choose a unit from ${firstUnit} to ${last}.`);
}

/** Where the next page of receipts begins; undefined after the last one. */
export function nextReceiptUnit(page: readonly Receipt[], limit: number): number | undefined {
  const last = page.at(-1)?.shard;
  return last === undefined || page.length < limit ? undefined : last.firstUnit + last.unitCount;
}

/** Adds receipts that are not in the list: units computed again may reach over a page's start. */
export function addReceipts(list: readonly Receipt[], page: readonly Receipt[]): Receipt[] {
  const known = new Set(list.map(({ shard }) => shard.lease));
  return [...list, ...page.filter(({ shard }) => !known.has(shard.lease))];
}
