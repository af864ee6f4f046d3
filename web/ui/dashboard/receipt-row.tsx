import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import type { ReceiptFault } from '#protocol/records/receipt-check.ts';
import type { Receipt } from '#protocol/records/records.ts';
import { decodeUnit, firstChoice, viewReceipt } from '../../core/receipt-view.ts';
import type { ReplayState } from '../../core/replay.ts';
import { nameVerdict, VERDICT_TONES } from '../../core/verdict-view.ts';
import { Trans } from '../trans.tsx';
import { ReplayResult } from './replay-result.tsx';

/** One receipt: what it is of, what verifiers found, and the button that computes a unit again. */
export function ReceiptRow(props: {
  receipt: Receipt;
  /** Of the job this page is about: only then can its unit be computed here. */
  isOurs: boolean;
  /** Set when its signatures were checked already. */
  faults?: readonly ReceiptFault[];
  replay: ReplayState | undefined;
  busy: boolean;
  onReplay(unit: number): void;
  onCancel(): void;
}) {
  const { receipt, faults, replay } = props;
  const { shard } = receipt;
  const { title, by, checks } = viewReceipt(receipt);
  return (
    <li class="receipt" data-testid="receipt">
      <p>
        <strong class="number">{title}</strong>{' '}
        {checks.kind === 'none' ? (
          <span class="chip">{t`not checked`}</span>
        ) : (
          <span class={`chip chip-${VERDICT_TONES[checks.kind]}`}>{nameVerdict(checks.kind)}</span>
        )}
        {faults === undefined ? null : ' '}
        {faults === undefined ? null : <Signatures faults={faults} />}
        <span class="soft small block">
          {by}, {checks.text}
        </span>
      </p>
      {props.isOurs ? (
        <ReplayForm receipt={receipt} busy={props.busy} onReplay={props.onReplay} />
      ) : (
        <p class="small">
          <Trans>
            Of another job: <a href={`/dashboard/${shard.job}`}>open it</a> to replay this receipt.
          </Trans>
        </p>
      )}
      {faults === undefined || faults.length === 0 || replay !== undefined ? null : (
        <ul class="faults" data-testid="receipt-faults">
          {faults.map(({ message }) => (
            <li key={message}>{message}</li>
          ))}
        </ul>
      )}
      {replay === undefined ? null : <ReplayResult state={replay} onCancel={props.onCancel} />}
    </li>
  );
}

function Signatures({ faults }: { faults: readonly ReceiptFault[] }) {
  return faults.length === 0 ? (
    <span class="chip chip-good">{t`signatures hold`}</span>
  ) : (
    <span class="chip chip-bad">{t`altered`}</span>
  );
}

function ReplayForm(props: { receipt: Receipt; busy: boolean; onReplay(unit: number): void }) {
  const { receipt, busy } = props;
  const [text, setText] = useState(String(firstChoice(receipt)));
  const unit = decodeUnit(receipt, text);
  const { lease, firstUnit, unitCount } = receipt.shard;
  const submit = (event: Event) => {
    event.preventDefault();
    if (unit.ok) props.onReplay(unit.value);
  };
  return (
    <form class="replay-form" onSubmit={submit} noValidate>
      <label for={`unit-${lease}`} class="small">
        {t`Unit`}
      </label>
      <input
        id={`unit-${lease}`}
        class="text-input number"
        type="number"
        inputMode="numeric"
        min={firstUnit}
        max={firstUnit + unitCount - 1}
        value={text}
        aria-invalid={!unit.ok}
        onInput={(event) => setText(event.currentTarget.value)}
        data-testid="replay-unit"
      />
      <button type="submit" class="button" disabled={busy || !unit.ok} data-testid="replay-button">
        {t`Replay`}
      </button>
      {unit.ok ? null : <span class="small replay-hint">{unit.refusal.message}</span>}
    </form>
  );
}
