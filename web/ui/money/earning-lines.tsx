import { PAY_POLICY } from '#protocol/checks/check-policy.ts';
import {
  formatCount,
  formatInstant,
  formatMillis,
  formatNoun,
  formatShare,
} from '../../core/format.ts';
import type { EarningEntry, EarningLineId, Earnings } from '../../core/money/earnings.ts';
import { Sol } from './sol.tsx';

const SHOWN = 50;
const { holdbackPpm, holdbackMs } = PAY_POLICY;

const WORDS: Record<EarningLineId, { label: string; note: string }> = {
  accrued: { label: 'Earned', note: 'All that your units earned in jobs that have ended.' },
  held: {
    label: 'Held for checking',
    note: `The newest ${formatShare(holdbackPpm / 1e6, 1)} of your work: free once later work has earned, or ${formatMillis(holdbackMs)} after the job’s end. A wrong result loses it.`,
  },
  payable: { label: 'Payable', note: 'Settled by verifiers on the chain: yours to claim.' },
  paid: { label: 'Paid', note: 'What the chain has paid to your addresses.' },
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
            <span>{WORDS[id].label}</span>
            <Sol amount={amount} id={`amount-${id}`} />
          </summary>
          <p class="soft small">{WORDS[id].note}</p>
          <Entries entries={entries} />
        </details>
      ))}
    </div>
  );
}

function Entries({ entries }: { entries: readonly EarningEntry[] }) {
  if (entries.length === 0) return <p class="soft small">Nothing yet.</p>;
  const newest = entries.toReversed().slice(0, SHOWN);
  return (
    <>
      <ul class="earning-entries">
        {newest.map(({ job, sequence, units, amount, at }) => (
          <li key={`${sequence} ${at} ${units}`}>
            <span>
              {formatNoun(units, 'unit')} of shard {formatCount(sequence)}
              <span class="soft small block">
                <code>{job}</code> · {formatInstant(at)}
              </span>
            </span>
            <Sol amount={amount} />
          </li>
        ))}
      </ul>
      {entries.length > SHOWN ? (
        <p class="soft small">and {formatCount(entries.length - SHOWN)} older ones</p>
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
          <Sol amount={awaited} /> more is free and comes with the next settlement.
        </li>
      ) : null}
      {unclaimed > 0n ? (
        <li data-testid="unclaimed">
          <Sol amount={unclaimed} /> waits until you say where your pay goes.
        </li>
      ) : null}
      {returned > 0n ? (
        <li>
          <Sol amount={returned} /> went back to the developer: you had linked no address when the
          job's money was closed.
        </li>
      ) : null}
      {forfeited > 0n ? (
        <li>
          <Sol amount={forfeited} /> was lost with a wrong result.
        </li>
      ) : null}
      {trialUnits > 0 ? (
        <li>
          {formatNoun(trialUnits, 'unit')} of your trial earned nothing: pay begins when your work
          makes {PAY_POLICY.probationUnits} of your dearest unit.
        </li>
      ) : null}
      {donatedUnits > 0 ? <li>{formatNoun(donatedUnits, 'unit')} you gave away.</li> : null}
    </ul>
  );
}
