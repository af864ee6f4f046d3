import { plural, t } from '@lingui/core/macro';
import { formatSol } from '../format.ts';
import type { HistoryLine } from '../history-view.ts';
import type { EarningEntry, EarningLineId, Earnings } from './earnings.ts';

/** What a device earned and what of it is settled, for the list of what it did. */
export function viewPay({ lines }: Earnings): HistoryLine[] {
  const entriesOf = (...ids: readonly EarningLineId[]) =>
    sumByJob(lines.flatMap(({ id, entries }) => (ids.includes(id) ? entries : [])));
  const earned = entriesOf('accrued').map(({ at, amount, units, job }): HistoryLine => {
    const what = plural(units, { one: '# unit', other: '# units' });
    return { at, text: t`Earned ${formatSol(amount)} for ${what}`, detail: job, tone: 'good' };
  });
  const settled = entriesOf('payable', 'paid').map(
    ({ at, amount, job }): HistoryLine => ({
      ...{ at, text: t`${formatSol(amount)} passed their checks and are settled`, detail: job },
      tone: 'good',
    }),
  );
  return [...earned, ...settled];
}

/** One entry for each job and moment. */
function sumByJob(entries: readonly EarningEntry[]): EarningEntry[] {
  const sums = new Map<string, EarningEntry>();
  for (const entry of entries) {
    const name = `${entry.job} ${entry.at}`;
    const known = sums.get(name);
    const units = (known?.units ?? 0) + entry.units;
    sums.set(name, { ...entry, units, amount: (known?.amount ?? 0n) + entry.amount });
  }
  return [...sums.values()];
}
