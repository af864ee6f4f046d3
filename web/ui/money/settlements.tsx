import type { MessageDescriptor } from '@lingui/core';
import { msg, plural, t } from '@lingui/core/macro';
import { say } from '../../core/language.ts';
import { Plural, Trans } from '../trans.tsx';
import './money.css';
import { useState } from 'preact/hooks';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatAgo, formatCount, formatInstant } from '../../core/format.ts';
import type { ChainStanding, RecomputeDone, SettlementRow } from '../../core/money/recompute.ts';
import { Refused } from '../dashboard/refused.tsx';
import { useAnswer } from '../use-answer.ts';
import type { MoneyActions } from './actions.ts';
import { Sol } from './sol.tsx';
import { type SumRow, Sums } from './sums.tsx';

const REFRESH_MS = 15_000;

const STANDINGS: Record<
  ChainStanding['state'],
  { label: MessageDescriptor; tone: string; meaning: MessageDescriptor }
> = {
  final: { label: msg`Final`, tone: 'good', meaning: msg`can be claimed against` },
  pending: {
    label: msg`Pending`,
    tone: 'busy',
    meaning: msg`signed, and still open to challenge`,
  },
  older: { label: msg`Older`, tone: 'calm', meaning: msg`newer roots cover it` },
  absent: { label: msg`Not on the chain`, tone: 'warn', meaning: msg`left by a verifier only` },
};

/** Who earned what, period by period, as verifiers signed it; recomputed here on demand. */
export function SettlementsPage({ actions }: { actions: MoneyActions }) {
  const { value, refusal } = useAnswer(actions.readSettlements, REFRESH_MS);
  return (
    <div class="dashboard">
      <header class="stack">
        <h1>{t`Settlements`}</h1>
        <p class="soft lead">
          {t`When a period ends, verifiers add up who earned what, sign it, and write one record for everybody on the chain. Recompute does the same sums in this tab, from public facts alone.`}
        </p>
      </header>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {value === undefined ? (
        refusal === undefined ? (
          <p class="soft">{t`Asking the hub and the chain…`}</p>
        ) : null
      ) : (
        <>
          <section class="card" aria-label={t`Totals`}>
            <dl class="counters">
              <Total label={t`settled in all`} amount={value.total} />
              <Total label={t`paid from deposits`} amount={value.pulled} />
              <Total label={t`claimed so far`} amount={value.claimed} />
            </dl>
          </section>
          {value.rows.length === 0 ? (
            <p class="soft">{t`No period has been settled yet.`}</p>
          ) : (
            <ol class="settlements">
              {value.rows.map((row) => (
                <li key={row.file.dataHash}>
                  <Period row={row} actions={actions} />
                </li>
              ))}
            </ol>
          )}
        </>
      )}
    </div>
  );
}

const Total = ({ label, amount }: { label: string; amount: bigint }) => (
  <div>
    <dd>
      <Sol amount={amount} />
    </dd>
    <dt class="soft small">{label}</dt>
  </div>
);

type Progress =
  | { name: 'idle' }
  | { name: 'busy'; words: string }
  | { name: 'done'; done: RecomputeDone }
  | { name: 'refused'; refusal: Refusal };

function Period({ row, actions }: { row: SettlementRow; actions: MoneyActions }) {
  const { file, standing } = row;
  const { label, tone, meaning } = STANDINGS[standing.state];
  const [progress, setProgress] = useState<Progress>({ name: 'idle' });
  const run = async () => {
    setProgress({ name: 'busy', words: t`Starting…` });
    const done = await actions.recompute(file, (words) => setProgress({ name: 'busy', words }));
    setProgress(
      done.ok ? { name: 'done', done: done.value } : { name: 'refused', refusal: done.refusal },
    );
  };
  return (
    <section class="card" aria-label={t`Period ${file.period}`} data-testid="settlement">
      <header class="page-head">
        <h2>{t`Period ${formatCount(file.period)}`}</h2>
        <span class={`chip chip-${tone}`} title={say(meaning)} data-testid="settlement-state">
          {say(label)}
        </span>
      </header>
      <Sums rows={sumsOf(row)} />
      <Outcome progress={progress} />
      <div class="buttons">
        <button
          type="button"
          class="button"
          disabled={progress.name === 'busy' || standing.state !== 'final'}
          onClick={run}
          data-testid="recompute"
        >
          {t`Recompute`}
        </button>
        <a class="button button-quiet" href={`/v1/settlements/${file.dataHash}/leaves`} download>
          {t`The file of leaves`}
        </a>
      </div>
    </section>
  );
}

const sumsOf = ({ file, standing }: SettlementRow): SumRow[] => [
  { label: t`Earned by then, in all`, amount: BigInt(file.total) },
  {
    label: t`Leaves`,
    value: `${plural(file.claims, { one: '# payout', other: '# payouts' })}, ${plural(file.spends, { one: '# escrow', other: '# escrows' })}`,
  },
  {
    label: t`Facts up to`,
    value: <span title={formatInstant(file.through)}>{formatAgo(file.through, Date.now())}</span>,
  },
  ...(standing.state === 'final'
    ? [{ label: t`Claims root`, value: <Code bytes={standing.root.claimRoot} /> }]
    : []),
];

const Code = ({ bytes }: { bytes: Uint8Array }) => <code class="address">{bytesToHex(bytes)}</code>;

function Outcome({ progress }: { progress: Progress }) {
  if (progress.name === 'idle') return null;
  if (progress.name === 'busy') return <p class="soft">{progress.words}</p>;
  if (progress.name === 'refused') return <Refused refusal={progress.refusal} />;
  const { faults, recomputed } = progress.done;
  if (faults.length === 0) {
    return (
      <p class="note" data-testid="recomputed" data-same>
        <span>
          <Trans>
            <strong>Same roots.</strong> This tab made both trees from the public facts:{' '}
            <Sol amount={recomputed.content.total} /> for{' '}
            <Plural value={recomputed.content.claimLeafCount} one="# payout" other="# payouts" />,
            as the chain has it.
          </Trans>
        </span>
      </p>
    );
  }
  return (
    <div class="note note-bad" role="alert" data-testid="recomputed">
      <p>
        <Trans>
          <strong>The facts say otherwise.</strong> {formatCount(recomputed.differences.count)} of
          the leaves are not what they should be.
        </Trans>
      </p>
      <ul class="faults small">
        {faults.map((fault) => (
          <li key={fault}>{fault}</li>
        ))}
      </ul>
    </div>
  );
}
