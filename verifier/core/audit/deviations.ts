import {
  type AcceptedShard,
  type CheckNumber,
  RUNS_TO_CONFIRM,
  type Verdict,
} from '#protocol/records/records.ts';
import type { CheckCount, FiledVerdict, LogLine } from '../state/events.ts';
import { addCheck, countName, deviates, isCounted, isUnfit, WINDOW } from '../trust/deviations.ts';

/** Verdicts on one GPU, by the number of the check. */
type Numbered = Map<number, Verdict[]>;

/**
 * Counts the checks of each GPU again, by their numbers in the whole log of a verifier: a number
 * that is missing or given twice is found in what it judged, and so is a device that was called
 * unfit too early or too late.
 */
export function countChecks(
  lines: readonly LogLine[],
  judged: readonly FiledVerdict[],
  fault: (message: string) => void,
): number {
  const all = numberChecks(lines);
  let count = 0;
  for (const { signed } of judged) {
    const { check, device, verifier } = signed.verdict;
    if (check === undefined) continue;
    count += 1;
    const numbered = all.get(nameOf(signed.verdict, check)) ?? new Map();
    const text = judgeNumber(numbered, check.number) ?? judgeKind(numbered, check.number);
    if (text === undefined) continue;
    fault(
      `check ${check.number} of device ${device} on ${check.provider} by verifier ${verifier} ${text}`,
    );
  }
  return count;
}

const nameOf = ({ verifier, device }: Verdict, check: CheckNumber): string =>
  `${verifier}/${countName({ ...check, device })}`;

function numberChecks(lines: readonly LogLine[]): Map<string, Numbered> {
  const all = new Map<string, Numbered>();
  for (const line of lines) {
    if (line.type !== 'verdict' || line.signed.verdict.check === undefined) continue;
    const { verdict } = line.signed;
    const name = nameOf(verdict, line.signed.verdict.check);
    const numbered: Numbered = all.get(name) ?? new Map();
    const { number } = line.signed.verdict.check;
    numbered.set(number, [...(numbered.get(number) ?? []), verdict]);
    all.set(name, numbered);
  }
  return all;
}

function judgeNumber(numbered: Numbered, number: number): string | undefined {
  if (numbered.get(number)?.length !== 1) return 'stands in the log twice';
  const isNext = number === 1 || numbered.has(number - 1);
  return isNext ? undefined : 'follows one that is not in the log';
}

/** A unit that deviates makes its device unfit by the checks through its own, no other does. */
function judgeKind(numbered: Numbered, number: number): string | undefined {
  const [verdict] = numbered.get(number) ?? [];
  if (verdict === undefined || !deviates(verdict)) return undefined;
  let count: CheckCount | undefined;
  for (let at = Math.max(1, number - WINDOW + 1); at <= number; at += 1) {
    const [found] = numbered.get(at) ?? [];
    if (found !== undefined) count = addCheck(count, { number: at, deviates: deviates(found) });
  }
  if (count === undefined) return undefined;
  const due = isUnfit(count) ? 'device-unfit' : 'inconclusive';
  if (verdict.kind === due) return undefined;
  return `says ${verdict.kind} where ${count.deviating.length} of its last hundred deviate: ${due} is due`;
}

/** What is wrong with the number and the reason of one verdict. */
export function judgeCheck(verdict: Verdict, shard: AcceptedShard): string | undefined {
  const { kind, lane, reason, check, runs, claimed, reference } = verdict;
  if (isCounted(verdict) !== (check !== undefined)) {
    return check === undefined ? 'it has no number of its check' : 'it has a number of no check';
  }
  if (check !== undefined) {
    const same = check.package === shard.package && check.provider === shard.provider;
    if (!same) return 'it counts a check of another package or provider';
  }
  if (reason === undefined) {
    return kind === 'device-unfit' ? 'it says device-unfit and does not say why' : undefined;
  }
  if (lane === 'exact') return `it says that a unit of the exact lane ${reason}`;
  if (kind !== 'device-unfit' && !(kind === 'inconclusive' && deviates(verdict))) {
    return `it says ${kind}, and a reason against the device`;
  }
  if (runs < RUNS_TO_CONFIRM) return `it says ${reason}, and nothing confirmed it`;
  const isEqual = deviates(verdict) && claimed === reference;
  return isEqual ? 'it says that outputs deviate that are equal' : undefined;
}
