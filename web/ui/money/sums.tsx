import type { ComponentChildren } from 'preact';
import { Sol } from './sol.tsx';

/** One line of a list of sums: an amount, or what is shown in its place. */
export interface SumRow {
  label: string;
  note?: string;
  amount?: bigint;
  value?: ComponentChildren;
  id?: string;
}

/** Sums of money and what they are for. */
export const Sums = ({ rows, id }: { rows: readonly SumRow[]; id?: string }) => (
  <dl class="sums" data-testid={id}>
    {rows.map(({ label, note, amount, value, id: own }) => (
      <div key={label}>
        <dt>
          {label}
          {note === undefined ? null : <span class="soft small block">{note}</span>}
        </dt>
        <dd>{amount === undefined ? value : <Sol amount={amount} {...(own && { id: own })} />}</dd>
      </div>
    ))}
  </dl>
);
