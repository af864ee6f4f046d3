import { useEffect, useState } from 'preact/hooks';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatCount, formatId, formatInstant, formatNoun } from '../../core/format.ts';
import {
  totalVerdicts,
  VERDICT_TONES,
  VERDICT_WORDS,
  type VerdictEntry,
} from '../../core/verdict-view.ts';
import type { DashboardActions } from './actions.ts';
import { Refused } from './refused.tsx';

const PAGE = 500;
/** The log is read from its start, in order, up to this many; the rest comes by the button. */
const PAGES_AT_ONCE = 10;
const SHOWN = 100;

interface Log {
  entries: readonly VerdictEntry[];
  next: number;
  complete: boolean;
  refusal?: Refusal;
}

async function readLog(actions: DashboardActions, from: Log): Promise<Log> {
  let log = from;
  for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
    const answer = await actions.fetchVerdicts(log.next, PAGE);
    if (!answer.ok) return { ...log, refusal: answer.refusal };
    const { verdicts, next } = answer.value;
    log = { entries: [...log.entries, ...verdicts], next, complete: verdicts.length < PAGE };
    if (log.complete || next === from.next) return { ...log, complete: true };
  }
  return log;
}

/** The public log: what verifiers found when they computed units again, open to all. */
export function Verdicts({ actions }: { actions: DashboardActions }) {
  const [log, setLog] = useState<Log>({ entries: [], next: 0, complete: false });
  const [busy, setBusy] = useState(true);
  const more = async (from: Log) => {
    setBusy(true);
    setLog(await readLog(actions, from));
    setBusy(false);
  };
  useEffect(() => {
    void more({ entries: [], next: 0, complete: false });
  }, []);

  const totals = totalVerdicts(log.entries);
  const newest = log.entries.slice(-SHOWN).toReversed();
  return (
    <div class="dashboard">
      <header class="stack">
        <h1>Verdicts</h1>
        <p class="soft lead">
          After a device has committed to its results, some of its units are drawn at random and
          computed again by an independent verifier. This is everything they found.
        </p>
      </header>
      {log.refusal === undefined ? null : <Refused refusal={log.refusal} />}
      <section class="card" aria-label="Totals" data-testid="verdict-totals">
        <dl class="counters">
          {(Object.keys(VERDICT_WORDS) as (keyof typeof VERDICT_WORDS)[]).map((kind) => (
            <div key={kind} class={kind === 'mismatch' && totals.kinds[kind] > 0 ? 'is-bad' : ''}>
              <dd class="number" data-testid={`verdict-${kind}`}>
                {formatCount(totals.kinds[kind])}
              </dd>
              <dt>
                {VERDICT_WORDS[kind].label}
                <span class="soft small block">{VERDICT_WORDS[kind].meaning}</span>
              </dt>
            </div>
          ))}
        </dl>
        <p class="soft small">
          {formatNoun(totals.all, 'verdict')} by {formatNoun(totals.verifiers, 'verifier')} on the
          work of {formatNoun(totals.devices, 'device')}
          {log.complete ? '.' : ', so far.'}
        </p>
      </section>
      <section class="card" aria-labelledby="log-title">
        <h2 id="log-title">The log, newest first</h2>
        {newest.length === 0 ? (
          <p class="soft">{busy ? 'Reading the log…' : 'No unit has been checked yet.'}</p>
        ) : (
          <LogTable entries={newest} />
        )}
        {log.complete || busy ? null : (
          <button type="button" class="button" onClick={() => more(log)}>
            Read on
          </button>
        )}
      </section>
    </div>
  );
}

const COLUMNS = ['No.', 'Verdict', 'Unit', 'Device', 'Lane', 'Claimed / computed', 'When'] as const;

/** On a narrow screen each row becomes a card, and each cell carries the name of its column. */
function LogTable({ entries }: { entries: readonly VerdictEntry[] }) {
  return (
    <table class="log-table">
      <thead>
        <tr>
          {COLUMNS.map((name) => (
            <th key={name} scope="col">
              {name}
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
                {VERDICT_WORDS[verdict.kind].label}
              </span>
            </td>
            <td class="number" data-head="Unit">
              {verdict.unit}
            </td>
            <td data-head="Device">
              <code>{formatId(verdict.device)}</code>
            </td>
            <td data-head="Lane">{verdict.lane}</td>
            <td data-head="Claimed / computed">
              <code>{formatId(verdict.claimed)}</code> / <code>{formatId(verdict.reference)}</code>
            </td>
            <td class="soft small" data-head="When">
              {formatInstant(verdict.at)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
