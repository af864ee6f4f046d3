import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import { encodeLeafFile, type LeafFile } from '#protocol/settlement/leaf-file.ts';
import { type Ledger, projectLedger } from '#protocol/settlement/ledger.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import {
  checkGrowth,
  ledgerFacts,
  type MoneyFacts,
  makeLeafFile,
  totalOf,
} from '#protocol/settlement/period-leaves.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { type Instant, instant, lamports } from '#protocol/values/units.ts';
import { type Hub, listEarning, listEnded, type PageRange } from '../../hub/core/hub.ts';
import { archivedEarnings, publicMoney } from '../../hub/core/hub-bench.ts';
import type { Fact } from '../../hub/core/state/facts.ts';
import type { Clock } from './clock.ts';
import type { DeviceNode } from './device-node.ts';
import { fakeSign } from './fake-signature.ts';
import type { HubNode } from './hub-node.ts';
import type { Random } from './random.ts';

/** What is told is on disk: a period of facts that are so old never changes. */
const SETTLED_MS = 2_000;
const EPOCH_MS = 5_000;
/** Later periods are longer: each is made of all facts. */
const EPOCH_GROWTH = 0.1;
/** Longer than anything is held back. */
const LATER_MS = 30 * 24 * 3_600_000;
/** Small, so that lists come in several pages. */
const PAGE = 3;

const addressOf = (name: string) => encodeBase58(sha256(utf8ToBytes(name))) as Address;

interface Grid {
  clock: Clock;
  random: Random;
  hub: HubNode;
  job: JobId;
  devices: readonly DeviceNode[];
}

/** A period as a verifier made it of the lists while the grid ran. */
interface Period {
  leaves: LeafFile;
  claims: number;
  spends: number;
}

/**
 * The money of one priced job: a poster who funds it, devices that name addresses and give things
 * away, an operator who lifts bans, and a verifier that makes period after period of the public
 * lists. Says afterwards what did not hold.
 */
export function watchMoney(grid: Grid): () => { broken: string[]; earned: number } {
  const { clock, hub, random, devices } = grid;
  const readAllFacts = (state: Hub): MoneyFacts => readFacts(state, hub.facts);
  const periods: Period[] = [];
  const broken: string[] = [];
  fundWhenQuoted(grid);
  for (const [at, device] of devices.entries()) {
    // One in three names no address; one gives all away, or changes its mind.
    if (at % 3 !== 2) linkUntilTaken(grid, device);
    if (gives(at)) device.donate('all');
    if (at % 4 === 3) clock.after(random.between(2_000, 20_000), () => device.donate([grid.job]));
  }
  const began = clock.now();
  const makePeriod = (): void => {
    const facts = hub.read(readAllFacts);
    if (facts !== undefined) broken.push(...addPeriod(periods, facts, clock.now()));
    const longer = Math.ceil((clock.now() - began) * EPOCH_GROWTH);
    clock.after(Math.max(EPOCH_MS, longer), makePeriod);
  };
  clock.after(EPOCH_MS, makePeriod);
  if (random.chance(0.5)) closeOnceEnded(grid);
  if (random.chance(0.5)) pardonSome(grid);
  return () => {
    const before = hub.read(readAllFacts);
    hub.crash();
    hub.restart();
    const after = hub.read(readAllFacts);
    if (before === undefined || after === undefined) return { broken: ['no hub'], earned: 0 };
    if (JSON.stringify(before) !== JSON.stringify(after))
      broken.push('a restart changed the lists');
    broken.push(...periods.flatMap((period) => checkPeriod(period, after)));
    const ledger = projectLedger(ledgerFacts(after, instant(clock.now() + LATER_MS)));
    broken.push(...checkLedger(ledger, after), ...checkEscrow(ledger, grid));
    broken.push(...checkGifts(after, devices));
    return { broken, earned: sum(ledger.entries.filter(isAccrued).map(({ units }) => units)) };
  };
}

const gives = (at: number): boolean => at % 4 === 1;

function fundWhenQuoted({ clock, hub, job }: Grid): void {
  clock.every(700, () => {
    const view = hub.view(job);
    if (view?.funding !== undefined) return false;
    if (view?.state !== 'quoted' || view.quote === undefined) return true;
    const [escrow, poster] = [addressOf(`escrow of ${job}`), addressOf('poster')];
    const said = { escrow, escrowIndex: 2, poster, at: clock.now() };
    const total = BigInt(view.quote.total);
    // What is not enough funds nothing.
    for (const amount of [total - 1n, total]) {
      hub.command({ type: 'fund', job, funding: { ...said, amount: lamports(amount) } });
    }
    return true;
  });
}

function linkUntilTaken({ clock, hub }: Grid, { key: device }: DeviceNode): void {
  const recipient = addressOf(`wallet of ${device}`);
  clock.every(1_500, () => {
    const { payouts } = publicMoney(hub.facts);
    if (payouts.some((each) => each.record.device === device)) return false;
    const record = { device, hub: hub.key, recipient, at: clock.now() };
    const signature = fakeSign(device, 'payout', record);
    hub.command({ type: 'payout', payout: { record, signature } });
    return true;
  });
}

function closeOnceEnded({ clock, hub, job }: Grid): void {
  clock.every(20_000, () => {
    if (hub.view(job)?.state !== 'done') return true;
    hub.command({ type: 'close', job });
    return false;
  });
}

/** An operator who lifts bans at times, earned or not. */
function pardonSome({ clock, random, hub, devices }: Grid): void {
  clock.every(3_000, () => {
    for (const { key: device } of devices) {
      const newest = publicMoney(hub.facts).bans.findLast((ban) => ban.device === device);
      const isBanned = newest !== undefined && newest.pardonedAt === undefined;
      if (!hub.up || !isBanned || random.chance(0.5)) continue;
      hub.command({ type: 'pardon', device, reason: 'one more chance' });
    }
    return true;
  });
}

/** The lists page by page, as a verifier reads them, of jobs in memory and of archived ones. */
function readFacts(hub: Hub, onDisk: readonly Fact[]): MoneyFacts {
  const archived = archivedEarnings(onDisk);
  const inMemory = readAll((range) => listEnded(hub, range), byNumber);
  const numbered = new Map([...inMemory, ...archived.jobs].map((job) => [job.number, job]));
  const jobs = [...numbered.values()].sort((one, other) => one.number - other.number);
  return {
    jobs,
    shards: jobs.flatMap(({ id }) =>
      hub.jobs.has(id)
        ? readAll(
            (range) => listEarning(hub, id, range) ?? [],
            ({ sequence }) => sequence + 1,
          )
        : archived.shards.filter(({ job }) => job === id),
    ),
    ...structuredClone(publicMoney(onDisk)),
  };
}

const byNumber = ({ number }: { number: number }): number => number;

function readAll<T>(page: (range: PageRange) => readonly T[], next: (last: T) => number): T[] {
  const found: T[] = [];
  for (let from = 0; ; ) {
    const some = page({ from, limit: PAGE });
    found.push(...structuredClone(some));
    const last = some.at(-1);
    if (last === undefined) return found;
    from = next(last);
  }
}

/** Makes one more period; says where it takes back what the one before gave. */
function addPeriod(periods: Period[], facts: MoneyFacts, now: Instant): string[] {
  const last = periods.at(-1);
  const least = {
    claims: last?.leaves.claims.cumulative.length ?? 0,
    spends: last?.leaves.spends.cumulative.length ?? 0,
  };
  const through = instant(now - SETTLED_MS);
  const leaves = makeLeafFile(facts, { period: BigInt(periods.length + 1), through, least });
  periods.push({ leaves, ...least });
  const grown = last === undefined ? undefined : checkGrowth(last.leaves, leaves);
  return grown === undefined || grown.ok ? [] : [grown.refusal.message];
}

/** Who reads the lists later makes the same bytes of the same moment. */
function checkPeriod({ leaves, claims, spends }: Period, facts: MoneyFacts): string[] {
  const { period, through } = leaves;
  const again = makeLeafFile(facts, { period, through, least: { claims, spends } });
  const [one, other] = [encodeLeafFile(leaves), encodeLeafFile(again)];
  const same = one.length === other.length && one.every((byte, at) => byte === other[at]);
  return [
    ...(same ? [] : [`period ${period} is another one when it is made later`]),
    ...(totalOf(leaves.claims) === totalOf(leaves.spends)
      ? []
      : [`in period ${period} more or less is earned than spent`]),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
const sumOf = (amounts: Iterable<bigint>): bigint =>
  [...amounts].reduce((all, amount) => all + amount, 0n);
const isAccrued = ({ type }: { type: string }): boolean => type === 'accrued';

/** Nothing is made and nothing is lost between a unit and whoever is paid for it. */
function checkLedger({ entries, balances, claims, spends }: Ledger, facts: MoneyFacts): string[] {
  const broken: string[] = [];
  for (const { sequence, unitCount, donated } of facts.shards) {
    const own = entries.filter((entry) => entry.sequence === sequence);
    const began = own.filter(({ type }) => type === 'unpaid' || type === 'accrued');
    if (sum(began.map(({ units }) => units)) !== unitCount) {
      broken.push(`units of shard ${sequence} are paid twice, or not at all`);
    }
    if (donated === true && own.some(isAccrued)) broken.push(`a gift was paid: shard ${sequence}`);
  }
  for (const [device, balance] of balances) {
    const { accrued, held, released, forfeited, unclaimed, returned } = balance;
    if (held !== 0n) broken.push(`something of ${device} is held for ever`);
    if (accrued !== held + released + forfeited) broken.push(`${device} gained or lost on the way`);
    const own = facts.payouts.filter(({ record }) => record.device === device);
    const claimed = sumOf(own.map(({ index }) => claims.get(index)?.cumulative ?? 0n));
    if (claimed !== released - unclaimed - returned) broken.push(`${device} can claim another sum`);
  }
  const [earned, spent] = [
    sumOf([...claims.values()].map(({ cumulative }) => cumulative)),
    sumOf(spends.values()),
  ];
  if (earned !== spent) broken.push(`${earned} lamports are claimed and ${spent} spent`);
  return broken;
}

/** All that they did who wanted nothing from the first minute on is marked as given. */
function checkGifts({ shards }: MoneyFacts, devices: readonly DeviceNode[]): string[] {
  const givers = new Set(devices.filter((_, at) => gives(at)).map(({ key }) => key));
  const sold = shards.filter(({ device, donated }) => givers.has(device) && donated !== true);
  return sold.map(({ sequence }) => `shard ${sequence} was given away, and is not marked so`);
}

/** A job costs no more than was deposited for it. */
function checkEscrow({ spends }: Ledger, { hub, job }: Grid): string[] {
  const { funding, state } = hub.view(job) ?? {};
  const spent = spends.get(funding?.escrow ?? '') ?? 0n;
  const startedUnfunded = state !== 'checking' && state !== 'quoted' && funding === undefined;
  return [
    ...(spent > BigInt(funding?.amount ?? 0) ? [`${spent} lamports are spent of less`] : []),
    ...(startedUnfunded ? ['a job with a price ran without money'] : []),
  ];
}
