import { plural, t } from '@lingui/core/macro';
import { useEffect, useState } from 'preact/hooks';
import type { Refusal } from '#protocol/values/refusal.ts';
import type { AnswerRow } from '../../core/answers.ts';
import { formatCount } from '../../core/format.ts';
import { readableItems } from '../../core/job-view.ts';
import {
  type Order,
  orderRows,
  PAGE_ROWS,
  searchRows,
  type Table,
  type TableRow,
  tabulate,
  windowItems,
} from '../../core/result-table.ts';
import type { JobProps } from './actions.ts';
import { Refused } from './refused.tsx';
import './result-table.css';

/** Answers of items [from, to). */
interface Window {
  from: number;
  to: number;
  rows: readonly AnswerRow[];
}

/** Reads a window of answers, and adds to it what comes at its end while the job runs. */
function useWindow({ job, request, actions }: JobProps, from: number, to: number) {
  const [read, setRead] = useState<Window | undefined>(undefined);
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const { key, job: id } = request;
  const isNext = read !== undefined && read.from === from && read.to < to;
  const first = isNext ? read.to : from;
  const isRead = read !== undefined && read.from === from && read.to === to;
  useEffect(() => {
    if (isRead) return;
    let gone = false;
    void actions.fetchAnswers({ key, job: id }, { job, from: first, to }).then((rows) => {
      if (gone) return;
      setRefusal(rows.ok ? undefined : rows.refusal);
      if (!rows.ok) return;
      setRead({ from, to, rows: isNext ? [...read.rows, ...rows.value] : rows.value });
    });
    return () => {
      gone = true;
    };
  }, [actions, key, id, from, to]);
  return { read, refusal };
}

/** Results item by item: sorted, searched and paged in the tab, read from the hub in windows. */
export function ResultTable({ job, request, actions }: JobProps) {
  const size = windowItems(job.outputs, job.unitItems);
  const items = readableItems(job);
  const [from, setFrom] = useState(0);
  const to = Math.min(items, from + size);
  const { read, refusal } = useWindow({ job, request, actions }, from, to);
  return (
    <>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {read === undefined && refusal === undefined ? (
        <p class="soft">{t`Fetching ${plural(to - from, { one: '# row', other: '# rows' })}…`}</p>
      ) : null}
      {read === undefined ? null : (
        <Rows key={read.from} table={tabulate(read.rows, job.outputs)} />
      )}
      {items <= size ? null : (
        <Steps
          label={t`Items ${formatCount(from)} to ${formatCount(to - 1)} of ${formatCount(items)}`}
          back={from === 0 ? undefined : () => setFrom(Math.max(0, from - size))}
          on={to === items ? undefined : () => setFrom(to)}
          names={[t`Items before`, t`Items after`]}
        />
      )}
    </>
  );
}

function Rows({ table }: { table: Table }) {
  const [text, setText] = useState('');
  const [order, setOrder] = useState<Order>({ column: 0, isDown: false });
  const [page, setPage] = useState(0);
  const found = orderRows(searchRows(table.rows, text), order);
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const sort = (column: number) => {
    setOrder({ column, isDown: column === order.column && !order.isDown });
    setPage(0);
  };
  return (
    <>
      <div class="table-tools">
        <label>
          <span>{t`Search`}</span>
          <input
            class="text-input"
            type="search"
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setPage(0);
            }}
            data-testid="result-search"
          />
        </label>
        <label class="sort-choice">
          <span>{t`Sort by`}</span>
          <select
            class="text-input"
            value={`${order.column} ${order.isDown}`}
            onChange={(event) => {
              const [column = '0', isDown] = event.currentTarget.value.split(' ');
              setOrder({ column: Number(column), isDown: isDown === 'true' });
              setPage(0);
            }}
          >
            {table.columns.flatMap((name, column) =>
              [false, true].map((isDown) => (
                <option key={`${name} ${isDown}`} value={`${column} ${isDown}`}>
                  {name}, {isDown ? t`falling` : t`rising`}
                </option>
              )),
            )}
          </select>
        </label>
      </div>
      {found.length === 0 ? (
        <p class="soft" role="status">
          {t`No row says “${text}”.`}
        </p>
      ) : (
        <Grid
          columns={table.columns}
          rows={found.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS)}
          order={order}
          onSort={sort}
        />
      )}
      {pages === 1 ? null : (
        <Steps
          label={t`Page ${page + 1} of ${pages}, ${plural(found.length, { one: '# row', other: '# rows' })}`}
          back={page === 0 ? undefined : () => setPage(page - 1)}
          on={page + 1 >= pages ? undefined : () => setPage(page + 1)}
          names={[t`Page before`, t`Next page`]}
        />
      )}
    </>
  );
}

/** On a narrow screen each row becomes a card, and each cell carries the name of its column. */
function Grid(props: {
  columns: readonly string[];
  rows: readonly TableRow[];
  order: Order;
  onSort(column: number): void;
}) {
  const { columns, rows, order, onSort } = props;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="scroll" aria-label={t`Results, item by item`} tabIndex={0}>
      <table class="result-table" data-testid="result-table">
        <thead>
          <tr>
            {columns.map((name, column) => (
              <th
                key={name}
                scope="col"
                aria-sort={
                  column !== order.column ? 'none' : order.isDown ? 'descending' : 'ascending'
                }
              >
                <button type="button" class="sort" onClick={() => onSort(column)}>
                  {name}
                  <span aria-hidden="true">
                    {column !== order.column ? '' : order.isDown ? ' ↓' : ' ↑'}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ item, cells, error }) => (
            <tr key={item} data-testid="result-row">
              {cells.map(({ text }, column) => (
                <td key={columns[column]} data-head={columns[column]}>
                  {text}
                </td>
              ))}
              {error === undefined ? null : (
                <td
                  class="soft"
                  colSpan={Math.max(1, columns.length - cells.length)}
                  data-head="Failed"
                >
                  {error}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Steps(props: {
  label: string;
  back: (() => void) | undefined;
  on: (() => void) | undefined;
  names: readonly [back: string, on: string];
}) {
  const { label, back, on, names } = props;
  return (
    <div class="steps">
      <button type="button" class="button" disabled={back === undefined} onClick={back}>
        ← {names[0]}
      </button>
      <span class="soft small number" role="status">
        {label}
      </span>
      <button type="button" class="button" disabled={on === undefined} onClick={on}>
        {names[1]} →
      </button>
    </div>
  );
}
