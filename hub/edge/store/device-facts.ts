import type { BanView } from '#protocol/settlement/money-api.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Pardon } from '../../core/state/trust.ts';
import type { Database, Statement } from './database/port.ts';
import type { FactReader } from './fact-reader.ts';
import { FACT, type FactRow } from './fact-rows.ts';
import type { DeviceFacts } from './port.ts';
import { WORD } from './words.ts';

/** What is looked for by device: a condition of its index. */
const OF_DEVICES = "('device-archived', 'banned', 'pardoned', 'payout-linked', 'profile')";

const FIND = `create index fact_device on fact (device, number) where type in ${OF_DEVICES}`;

/** Profiles are said of devices as well. */
export const PROFILES: readonly string[] = ['drop index fact_device', FIND];

/** Finds facts of a device, and numbers bans. */
export const DEVICE_FACTS: readonly string[] = [
  FIND,
  ...numberPlaces("('banned', 'job-closing', 'leaf-file')"),
];

/** Numbers facts of these types in the order of appending. */
function numberPlaces(types: string): string[] {
  return [
    `update fact set place = 0 where type in ${types}`,
    `update fact set place = numbered.place from
      (select number, row_number() over (partition by type order by number) as place
        from fact where type in ${types}) as numbered
      where fact.number = numbered.number`,
  ];
}

const OWN = `fact.type in ${OF_DEVICES} and fact.device = ${WORD}`;
/** The first pardon of a ban, as JSON. */
const PARDON = `(select pardon.body from fact as pardon where pardon.type in ${OF_DEVICES}
  and pardon.type = 'pardoned' and pardon.device = fact.device
  and pardon.body->>'$.bannedAt' = fact.body->>'$.at' order by pardon.number limit 1) as pardon`;
const INDEX = "body->>'$.payout.index'";

/** What goes with a profile that is removed: the names in older facts of its device. */
export const forgetNames = (facts: readonly Fact[]): Statement[] =>
  facts.flatMap((fact) => {
    if (fact.type !== 'profile' || fact.name !== undefined || fact.team !== undefined) return [];
    const sql = `update fact set body = json_remove(body, '$.name', '$.team')
      where ${OWN} and fact.type = 'profile'`;
    return [{ sql, args: [fact.device] }];
  });

type BanRow = FactRow & { pardon: string | null };

/** The calls of a store that tell of devices. */
export function openDeviceFacts({ read }: Database, facts: FactReader): DeviceFacts {
  const viewBans = async (rows: readonly BanRow[]): Promise<BanView[]> => {
    const bans = await facts.decode<'banned'>(rows);
    return bans.map(({ device, at }, row) => {
      const { place = 0, pardon } = rows[row] ?? {};
      return { number: place, device, at, ...(pardon ? viewPardon(JSON.parse(pardon)) : {}) };
    });
  };
  const viewPayouts = async (rows: readonly FactRow[]) =>
    (await facts.decode<'payout-linked'>(rows)).map(({ payout }) => payout);
  return {
    async device(device) {
      const sql = `select ${FACT} from fact where ${OWN} and fact.type = 'device-archived'
        order by number desc limit 1`;
      return (await facts.decode<'device-archived'>(await read(sql, device)))[0]?.known;
    },
    async bans(after, limit) {
      const sql = `select ${FACT}, ${PARDON} from fact where type = 'banned' and place > ?
        and place > 0 order by place limit ?`;
      return viewBans(await read(sql, after, limit));
    },
    async bansOf(device) {
      const sql = `select ${FACT}, ${PARDON} from fact where ${OWN} and fact.type = 'banned'
        order by fact.number`;
      return viewBans(await read(sql, device));
    },
    async payouts(from, limit) {
      const sql = `select ${FACT} from fact where type = 'payout-linked' and ${INDEX} >= ?
        order by ${INDEX} limit ?`;
      return viewPayouts(await read(sql, from, limit));
    },
    async payoutsOf(device) {
      const sql = `select ${FACT} from fact where ${OWN} and fact.type = 'payout-linked'
        order by number`;
      return viewPayouts(await read(sql, device));
    },
  };
}

const viewPardon = ({ at, reason }: Pardon) => ({ pardonedAt: at, pardonReason: reason });
