import {
  type CheckPolicy,
  describePolicy,
  NEWCOMER_UNIT_COST,
  ownCheckRate,
  unitNumber,
} from '#protocol/checks/check-policy.ts';
import { DISTANCE_MAX } from '#protocol/checks/comparison.ts';
import type { Verdict } from '#protocol/records/records.ts';
import type { FiledVerdict } from '../core/state/events.ts';
import type { Standing } from '../core/state/view.ts';
import type { Cost } from './cost.ts';
import type { Tally } from './tally.ts';

export interface PageView {
  key: string;
  hub: string;
  phase: string;
  reason: string;
  policy: CheckPolicy;
  judged: number;
  waiting: number;
  tally: Tally;
  cost: Cost;
  /** Devices with the least behind them first. */
  standings: readonly Standing[];
}

/** The log page: one document, no script; it loads itself again every ten seconds. */
export function renderPage(view: PageView): string {
  const { tally } = view;
  const { counts } = tally;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const facts: [string, string][] = [
    ['State', `${view.phase}: ${view.reason}`],
    ['Hub', view.hub],
    ['Verifier key', `<code>${text(view.key)}</code>`],
    ['Checks', `${describePolicy(view.policy)}; drawn after commitment`],
    [
      'Judged through',
      view.judged < 0 ? 'nothing yet' : `shard ${view.judged}; ${view.waiting} units wait`,
    ],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10">
<title>Pocketgrid verifier</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Pocketgrid verifier</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value.startsWith('<code>') ? value : text(value)}</dd></div>`).join('')}</dl>
<section aria-label="Totals" class="totals">
${card('Units checked', total, '')}${card('Match', counts.match, 'good')}${card('Mismatch', counts.mismatch, counts.mismatch > 0 ? 'bad' : '')}${card('Device unfit', counts['device-unfit'], '')}${card('Inconclusive', counts.inconclusive, '')}
</section>
<section><h2>How well it works</h2>
${quality(view)}
</section>
<section><h2>Devices, most checked first</h2>
${view.standings.length === 0 ? '<p>No device has delivered since this verifier started.</p>' : devices(view)}
</section>
<section><h2>Caught</h2>
${tally.caught.length === 0 ? '<p>Nothing so far: every checked unit agreed with its re-execution.</p>' : verdicts(tally.caught)}
</section>
<section><h2>Latest verdicts</h2>
${tally.latest.length === 0 ? '<p>No unit was drawn yet.</p>' : verdicts(tally.latest)}
</section>
<section><h2>Draw seeds</h2>
<p>Each epoch's seed is committed to before its first draw and revealed after its last verdict, so that
anyone can recompute which units had to be checked.</p>
${tally.epochs.length === 0 ? '<p>No epoch was opened yet.</p>' : epochs(tally)}
</section>
<p><a href="/log.jsonl">The whole signed log (JSON lines)</a></p>
</main>
</body>
</html>
`;
}

/** Catch rate, false alarms, cost and what waits: each with the numbers behind it. */
function quality({ tally, cost, waiting, judged }: PageView): string {
  const { counts, flagged, overturned, devices: seen } = tally;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const caught = [...seen.values()].filter(({ failures }) => failures > 0).length;
  const seconds = cost.executeMs / 1000;
  const facts: [string, string][] = [
    [
      'Catch rate',
      `${share(counts.mismatch, total)}: ${count(counts.mismatch, 'confirmed mismatch', 'es')} in ${count(total, 'checked unit')}, by ${caught} of ${count(seen.size, 'device')}`,
    ],
    [
      'False alarms',
      `${share(counts.inconclusive, total)}: ${counts.inconclusive} inconclusive. Of ${count(flagged, 'unit')} flagged by a first run, a fresh run overturned ${overturned}`,
    ],
    [
      'Cost since the start',
      cost.units === 0
        ? 'nothing was accepted yet'
        : `${share(cost.executions, cost.units)} of ${count(cost.units, 'accepted unit')}: ${count(cost.executions, 're-execution')} in ${number(seconds)} s${cost.executions === 0 ? '' : `, ${number(cost.executeMs / cost.executions)} ms each`}`,
    ],
    [
      'Pending',
      waiting === 0 && judged >= 0 ? 'nothing waits' : `${count(waiting, 'check')} to judge`,
    ],
  ];
  return `<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`).join('')}</dl>`;
}

/** Each device's check rate, and why it is what it is. */
function devices({ standings, policy, tally }: PageView): string {
  const rows = standings.slice(0, DEVICES_MAX).map(({ device, work }) => {
    const { checked, failures } = tally.devices.get(device) ?? { checked: 0, failures: 0 };
    const since = failures > 0 ? 'since its last failure' : 'since its first';
    return [
      `<code title="${text(device)}">${text(device.slice(0, 10))}…</code>`,
      rateOf(ownCheckRate(policy, unitNumber({ workBefore: work, unitCost: NEWCOMER_UNIT_COST }))),
      policy.type === 'flat' ? 'the same for all' : `${number(work / 1e6)} s of work ${since}`,
      checked.toLocaleString('en'),
      `<span class="${failures > 0 ? 'kind mismatch' : ''}">${failures}</span>`,
    ];
  });
  const rest = standings.length - rows.length;
  const heads = ['Device', 'Units of 100 ms checked now', 'Because', 'Checks', 'Failures'];
  return `${table(heads, rows)}${rest > 0 ? `<p>and ${rest.toLocaleString('en')} more</p>` : ''}`;
}

const rateOf = (rate: number): string => {
  if (rate >= 1) return 'every unit';
  return rate <= 0 ? 'none' : `1 unit in ${number(1 / rate)}`;
};

const number = (value: number): string =>
  value < 10
    ? String(Number(value.toPrecision(2)))
    : value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });

const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${Number(((100 * part) / whole).toPrecision(2))} %`;

const count = (amount: number, noun: string, plural = 's'): string =>
  `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : plural}`;

const card = (name: string, count: number, tone: string): string =>
  `<div class="card ${tone}"><b>${count.toLocaleString('en')}</b><span>${name}</span></div>`;

function verdicts(list: readonly FiledVerdict[]): string {
  const rows = list.map(({ signed: { verdict } }) => {
    const distance = distanceOf(verdict);
    return [
      `<span class="kind ${verdict.kind}">${verdict.kind}</span>`,
      text(verdict.job),
      String(verdict.unit),
      `<code title="${text(verdict.device)}">${text(verdict.device.slice(0, 10))}…</code>`,
      `${verdict.lane}, ${verdict.runs}×`,
      distance,
      time(verdict.at),
    ];
  });
  return table(['Verdict', 'Job', 'Unit', 'Device', 'Lane, runs', 'l2 / max', 'At'], rows);
}

function epochs({ epochs: list }: Tally): string {
  const rows = list.map(({ opened, revealed }) => {
    const range =
      revealed === undefined ? `from ${opened.from}` : `${opened.from}–${revealed.through}`;
    const seed =
      revealed === undefined ? 'in use' : `<code class="long">${text(revealed.seed)}</code>`;
    return [
      String(opened.epoch),
      `<code class="long">${text(opened.commitment)}</code>`,
      seed,
      range,
      describePolicy(opened.policy),
      time(opened.at),
    ];
  });
  return table(['Epoch', 'Commitment (SHA-256)', 'Seed', 'Shards', 'Rate', 'Opened'], rows);
}

/** On a narrow screen each row is a card, and each cell carries the name of its column. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  const body = rows.map(
    (cells) =>
      `<tr>${cells.map((cell, place) => `<td data-head="${heads[place]}">${cell}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function distanceOf({ kind, l2, max }: Verdict): string {
  if (kind === 'match' && l2 === 0) return 'equal';
  return l2 < DISTANCE_MAX ? `${l2.toPrecision(2)} / ${max.toPrecision(2)}` : 'not measurable';
}

const time = (at: number): string => {
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
};

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const text = (value: string): string => value.replace(/[&<>"]/g, (found) => ESCAPES[found] ?? '');

const DEVICES_MAX = 50;

const STYLE = `
:root{color-scheme:light dark;--ink:#17201c;--soft:#56635c;--paper:#f6f7f4;--card:#fff;--line:#dde2dc;--good:#0a6b46;--bad:#a8200d;--warn:#7a4b00}
@media(prefers-color-scheme:dark){:root{--ink:#e8eeea;--soft:#9eaca4;--paper:#101512;--card:#19201c;--line:#2b352f;--good:#5fd39f;--bad:#ff9385;--warn:#f0bf63}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.25rem 1rem 3rem}h1{font-size:1.5rem;margin:.2rem 0 1rem}h2{font-size:1.1rem;margin:1.8rem 0 .5rem}
dl{display:grid;gap:.4rem;margin:0}dl div{display:grid;grid-template-columns:minmax(7rem,10rem) 1fr;gap:.75rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.totals{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.6rem;margin:1.2rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem}.card b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}.card span{color:var(--soft);font-size:.9rem}
.good b{color:var(--good)}.bad b{color:var(--bad)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem}table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.45rem .7rem;white-space:nowrap;border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}th{color:var(--soft);font-weight:600}
code{font:.85em ui-monospace,monospace}.long{display:inline-block;max-width:16rem;overflow-wrap:anywhere;white-space:normal}
.kind{font-weight:600}.match{color:var(--good)}.mismatch{color:var(--bad)}.inconclusive,.device-unfit{color:var(--warn)}a{color:inherit}
@media(max-width:40rem){dl div{grid-template-columns:1fr;gap:0}.totals{grid-template-columns:1fr 1fr}thead{display:none}table,tbody,tr,td{display:block}tr{padding:.5rem .9rem;border-bottom:1px solid var(--line)}td{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:.75rem;padding:.15rem 0;border:0;white-space:normal;overflow-wrap:anywhere}td::before{content:attr(data-head);color:var(--soft)}tr:last-child{border:0}.long{max-width:none}}`;
