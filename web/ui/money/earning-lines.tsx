import type { MessageDescriptor } from '@lingui/core';
import { msg, plural, t } from '@lingui/core/macro';
import { PAY_POLICY } from '#protocol/checks/check-policy.ts';
import { formatCount, formatInstant, formatMillis, formatShare } from '../../core/format.ts';
import { say } from '../../core/language.ts';
import type { EarningEntry, EarningLineId, Earnings } from '../../core/money/earnings.ts';
import { Trans } from '../trans.tsx';
import { Sol } from './sol.tsx';

const SHOWN = 50;
const { holdbackPpm, holdbackMs } = PAY_POLICY;

const WORDS: Record<EarningLineId, { label: MessageDescriptor; note?: MessageDescriptor }> = {
  accrued: { label: msg`Earned`, note: msg`All that your units earned in jobs that have ended.` },
  held: {
    label: msg`Held for checking`,
  },
  payable: {
    label: msg`Ready to claim`,
    note: msg`Settled by verifiers on the chain: yours to claim.`,
  },
  paid: { label: msg`Paid`, note: msg`What the chain has paid to your addresses.` },
};

const noteOf = (id: EarningLineId): string => {
  const { note } = WORDS[id];
  if (note !== undefined) return say(note);
  const [share, time] = [formatShare(holdbackPpm / 1e6, 1), formatMillis(holdbackMs)];
  return t`The newest ${share} of your work: free once later work has earned, or ${time} after the job’s end. A wrong result loses it.`;
};

/** The four sums; each opens what it is made of. */
export function EarningLines({ earnings }: { earnings: Earnings }) {
  return (
    <div class="earning-lines">
      {earnings.lines.map(({ id, amount, entries }) => (
        <details
          key={id}
          class={`earning ${id === 'payable' && amount > 0n ? 'is-due' : ''}`}
          data-testid={`earning-${id}`}
        >
          <summary>
            <span>{say(WORDS[id].label)}</span>
            <Sol amount={amount} id={`amount-${id}`} />
          </summary>
          <p class="soft small">{noteOf(id)}</p>
          <Entries entries={entries} />
        </details>
      ))}
    </div>
  );
}

function Entries({ entries }: { entries: readonly EarningEntry[] }) {
  if (entries.length === 0) return <p class="soft small">{t`Nothing yet.`}</p>;
  const newest = entries.toReversed().slice(0, SHOWN);
  return (
    <>
      <ul class="earning-entries">
        {newest.map(({ job, sequence, units, amount, at }) => (
          <li key={`${sequence} ${at} ${units}`}>
            <span>
              {t`${plural(units, { one: '# unit', other: '# units' })} of shard ${formatCount(sequence)}`}
              <span class="soft small block">
                <code>{job}</code> · {formatInstant(at)}
              </span>
            </span>
            <Sol amount={amount} />
          </li>
        ))}
      </ul>
      {entries.length > SHOWN ? (
        <p class="soft small">{t`and ${formatCount(entries.length - SHOWN)} older ones`}</p>
      ) : null}
    </>
  );
}

/** What the four sums leave out, each with the reason. */
export function EarningNotes({ earnings }: { earnings: Earnings }) {
  const { awaited, unclaimed, returned, forfeited, trialUnits, donatedUnits } = earnings;
  return (
    <ul class="earning-notes soft small">
      {awaited > 0n ? (
        <li data-testid="awaited">
          <Trans>
            <Sol amount={awaited} /> more is free and comes with the next settlement.
          </Trans>
        </li>
      ) : null}
      {unclaimed > 0n ? (
        <li data-testid="unclaimed">
          <Trans>
            <Sol amount={unclaimed} /> waits until you say where your pay goes.
          </Trans>
        </li>
      ) : null}
      {returned > 0n ? (
        <li>
          <Trans>
            <Sol amount={returned} /> went back to the developer: you had linked no address when the
            job’s money was closed.
          </Trans>
        </li>
      ) : null}
      {forfeited > 0n ? (
        <li>
          <Trans>
            <Sol amount={forfeited} /> was lost with a wrong result.
          </Trans>
        </li>
      ) : null}
      {trialUnits > 0 ? (
        <li>
          {t`${plural(trialUnits, { one: '# unit', other: '# units' })} of your trial earned nothing: pay begins when your work makes ${PAY_POLICY.probationUnits} of your dearest unit.`}
        </li>
      ) : null}
      {donatedUnits > 0 ? (
        <li>{t`${plural(donatedUnits, { one: '# unit', other: '# units' })} you gave away.`}</li>
      ) : null}
    </ul>
  );
}
