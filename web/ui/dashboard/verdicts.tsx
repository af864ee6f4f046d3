import { msg, plural, t } from '@lingui/core/macro';
import { useEffect, useState } from 'preact/hooks';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatCount, formatId, formatInstant } from '../../core/format.ts';
import { say } from '../../core/language.ts';
import {
  explainVerdict,
  nameVerdict,
  totalVerdicts,
  VERDICT_TONES,
  type VerdictEntry,
} from '../../core/verdict-view.ts';
import type { DashboardActions } from './actions.ts';
import { Refused } from './refused.tsx';

const PAGE = 500;

/** What was read of the log, from its end. */
interface Log {
  /** The newest first. */
  entries: readonly VerdictEntry[];
  /** How many there are in all, once that is known. */
  all?: number;
  refusal?: Refusal;
}

/** Reads the page before those that were read. */
async function readOlder(actions: DashboardActions, log: Log): Promise<Log> {
  const known = log.all === undefined ? await actions.fetchVerdicts(0, 1) : undefined;
  if (known !== undefined && !known.ok) return { ...log, refusal: known.refusal };
  const all = log.all ?? known?.value.shown ?? 0;
  const before = log.entries.at(-1)?.number ?? all + 1;
  const after = Math.max(0, before - 1 - PAGE);
  if (before <= 1) return { entries: log.entries, all };
  const page = await actions.fetchVerdicts(after, before - 1 - after);
  if (!page.ok) return { ...log, all, refusal: page.refusal };
  return { entries: [...log.entries, ...page.value.verdicts.toReversed()], all };
}

/** The public log: what verifiers found when they computed units again, open to all. */
export function Verdicts({ actions }: { actions: DashboardActions }) {
  const [log, setLog] = useState<Log>({ entries: [] });
  const [busy, setBusy] = useState(true);
  const more = async (from: Log) => {
    setBusy(true);
    setLog(await readOlder(actions, from));
    setBusy(false);
  };
  useEffect(() => {
    void more({ entries: [] });
  }, []);

  const { entries, all = 0 } = log;
  return (
    <div class="dashboard">
      <header class="stack">
        <h1>{t`Verdicts`}</h1>
        <p class="soft lead">
          {t`After a device has committed to its results, some of its units are drawn at random and computed again by an independent verifier. ${plural(all, { one: '# verdict', other: '# verdicts' })} may be read.`}
        </p>
      </header>
      {log.refusal === undefined ? null : <Refused refusal={log.refusal} />}
      <Totals entries={entries} all={all} />
      <section class="card" aria-labelledby="log-title">
        <h2 id="log-title">{t`The log, newest first`}</h2>
        {entries.length === 0 ? (
          <p class="soft">{busy ? t`Reading the log…` : t`No unit has been checked yet.`}</p>
        ) : (
          <LogTable entries={entries} />
        )}
        {busy || entries.length >= all ? null : (
          <button type="button" class="button" onClick={() => more(log)}>
            {t`Older ones`}
          </button>
        )}
      </section>
    </div>
  );
}

function Totals({ entries, all }: { entries: readonly VerdictEntry[]; all: number }) {
  const totals = totalVerdicts(entries);
  const of =
    entries.length < all
      ? t`Of the newest ${plural(totals.all, { one: '# verdict', other: '# verdicts' })}`
      : t`Of all`;
  return (
    <section class="card" aria-label={t`Totals`} data-testid="verdict-totals">
      <p class="soft small">
        {t`${of}, by ${plural(totals.verifiers, { one: '# verifier', other: '# verifiers' })} on the work of ${plural(totals.devices, { one: '# device', other: '# devices' })}:`}
      </p>
      <dl class="counters">
        {(Object.keys(VERDICT_TONES) as (keyof typeof VERDICT_TONES)[]).map((kind) => (
          <div key={kind} class={kind === 'mismatch' && totals.kinds[kind] > 0 ? 'is-bad' : ''}>
            <dd class="number" data-testid={`verdict-${kind}`}>
              {formatCount(totals.kinds[kind])}
            </dd>
            <dt>
              {nameVerdict(kind)}
              <span class="soft small block">{explainVerdict(kind)}</span>
            </dt>
          </div>
        ))}
      </dl>
    </section>
  );
}

const COLUMNS = {
  number: msg`No.`,
  verdict: msg`Verdict`,
  unit: msg`Unit`,
  device: msg`Device`,
  lane: msg`Compared`,
  digests: msg`Device / verifier`,
  when: msg`When`,
} as const;

/** On a narrow screen each row becomes a card, and each cell carries the name of its column. */
function LogTable({ entries }: { entries: readonly VerdictEntry[] }) {
  return (
    <table class="log-table">
      <thead>
        <tr>
          {Object.entries(COLUMNS).map(([id, name]) => (
            <th key={id} scope="col">
              {say(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {entries.map(({ number, signed: { verdict } }) => (
          <tr key={number} data-testid="verdict-row">
            <th scope="row" class="number">
              {number}
            </th>
            <td>
              <span class={`chip chip-${VERDICT_TONES[verdict.kind]}`}>
                {nameVerdict(verdict.kind)}
              </span>
            </td>
            <td class="number" data-head={say(COLUMNS.unit)}>
              {verdict.unit}
            </td>
            <td data-head={say(COLUMNS.device)}>
              <code>{formatId(verdict.device)}</code>
            </td>
            <td data-head={say(COLUMNS.lane)}>{verdict.lane}</td>
            <td data-head={say(COLUMNS.digests)}>
              <code>{formatId(verdict.claimed)}</code> / <code>{formatId(verdict.reference)}</code>
            </td>
            <td class="soft small" data-head={say(COLUMNS.when)}>
              {formatInstant(verdict.at)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
