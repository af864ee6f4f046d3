import { percent, perMille } from './attack-row.ts';
import type { Study } from './study.ts';
import { count, passes, type Table } from './table.ts';

/** What the limit on new identities leaves open: the tables that no goal is attached to. */
export function tabulateNewcomers({ young, places, packages, army }: Study): Table[] {
  return [
    {
      title: 'A young grid, at f = 30 % and d = 0.999, all places the adversary’s (computed)',
      head: ['units accepted so far', 'identities begun', 'bad released', 'bad delivered'],
      rows: young.map((row) => [
        count(row.units),
        count(row.places),
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
        share < 1 ? `${count(honestEach)} units` : 'none begins',
        share < 1 ? `${count(stay)} units` : 'for ever',
      ]),
    },
    {
      title: 'Identities turned all at once, at f = 30 % and d = 0.999 (computed)',
      head: [
        'units accepted before',
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
        `${count(row.strike)} units`,
        perMille(row.overall),
      ]),
    },
    {
      title: 'Several packages in turn, at f = 30 % and d = 0.999, lives of 50 k units (computed)',
      head: ['packages', 'bad released', 'bad delivered', 'overhead', 'overhead at f = 0'],
      rows: packages.map((row) => [
        String(row.packages),
        perMille(row.released),
        perMille(row.delivered),
        passes(row.overhead),
        passes(row.honest),
      ]),
    },
  ];
}
