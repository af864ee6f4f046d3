import { percent, perMille } from './attack-row.ts';
import type { Study } from './study.ts';
import { costWords, count, type Table } from './table.ts';

/** What the limit on new identities leaves open: the tables that no goal is attached to. */
export function tabulateNewcomers({ young, places, army }: Study): Table[] {
  return [
    {
      title: 'A young grid, at f = 30 % and d = 0.999, all places the adversary’s (computed)',
      head: [
        'its units cost',
        'work accepted so far, in C',
        'identities begun',
        'bad released',
        'bad delivered',
      ],
      rows: young.map((row) => [
        costWords(row.cost),
        count(row.work),
        count(row.identities),
        perMille(row.released),
        perMille(row.delivered),
      ]),
    },
    {
      title: 'Who gets the places, at f = 30 % and d = 0.999 (computed)',
      head: [
        'places that the adversary gets',
        'bad released',
        'bad delivered',
        'one honest newcomer for every',
        'honest volunteers must stay',
      ],
      rows: places.map(({ share, released, delivered, honestEach, stay }) => [
        percent(share),
        perMille(released),
        perMille(delivered),
        share < 1 ? `${count(honestEach)} C` : 'none begins',
        share < 1 ? `${count(stay)} C` : 'for ever',
      ]),
    },
    {
      title: 'Identities turned all at once, at f = 30 % and d = 0.999 (computed)',
      head: [
        'work accepted before, in C',
        'identities aged',
        'against',
        'bad units to a burst',
        'bad while it lasts',
        'it lasts',
        'bad of all so far',
      ],
      rows: army.map((row) => [
        count(row.units),
        count(row.identities),
        row.measure,
        row.burst === Infinity ? 'until caught' : String(row.burst),
        perMille(row.during),
        `${count(row.strike)} C`,
        perMille(row.overall),
      ]),
    },
  ];
}
