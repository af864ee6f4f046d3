import {
  CHECK_POLICY_DEFAULT,
  type CheckPolicy,
  checkThreshold,
  NEWCOMER_POLICY,
  PAY_POLICY,
  RELEASE_POLICY,
  sharersOf,
} from '#protocol/checks/check-policy.ts';

const WORD = 1n << 32n;
const WHOLE = WORD * WORD;

/**
 * A rule that decides checks by the work of an identity alone. A unit of cost c is its n-th, n =
 * ⌊W ÷ c⌋ + 1, where W is its work since the last failure. Work counts in C, the cost of a unit
 * that a place for a new identity is good for.
 */
export interface Rule {
  name: string;
  policy: CheckPolicy;
  /** A unit of cost c is released after this times c of later work without a failure. */
  lagUnits: number;
  /**
   * The exit check widens the draws of units still unreleased to this rate when an identity leaves.
   */
  exitRate: number;
  /**
   * Work of the grid that stands, for each place; 0: names are free. An identity takes a place for
   * each C of its dearest unit.
   */
  unitsEach: number;
  /** Nothing is paid before an identity has done this times the cost of its dearest unit so far. */
  probationUnits: number;
  /**
   * Verifiers that share the checks (`policy.sharers`) and have kept their seeds: the adversary is
   * right wherever a seed that it knows draws. Absent: all of them.
   */
  secrets?: number;
  /** As if each drew at p_n ÷ V instead of its share. */
  divided?: boolean;
}

/** `checkThreshold` of every n, as the two 32-bit words of the integer. */
export interface Thresholds {
  high: Uint32Array;
  low: Uint32Array;
  /** 1 where the threshold is 2^64 itself: every draw lies under it. */
  always: Uint8Array;
  /** How many independent draws a unit meets, each against the same threshold. */
  draws: number;
  /** Chance that at least one draw takes the unit, for expectations; never for a draw. */
  rate: Float64Array;
  /** Executions of a unit by all who draw it, expected: more than `rate` where they overlap. */
  runs: Float64Array;
  /** Executions of the first n units, and those that the exit check would add to them. */
  runsSum: Float64Array;
  exitSum: Float64Array;
  /** The last n in the table; thresholds stay the same after it. */
  knee: number;
}

export const OURS: Rule = {
  name: 'ours',
  policy: CHECK_POLICY_DEFAULT,
  lagUnits: RELEASE_POLICY.lagUnits,
  exitRate: RELEASE_POLICY.exitPpm / 1e6,
  unitsEach: NEWCOMER_POLICY.unitsEach,
  probationUnits: PAY_POLICY.probationUnits,
};

/** Ours without the limit on new identities and without probation: what those two buy. */
export const FREE: Rule = { ...OURS, name: 'free names', unitsEach: 0, probationUnits: 0 };

/**
 * The flat rate gets our release lag too, and free names: it differs from `FREE` in the draw alone.
 */
export const FLAT: Rule = { ...FREE, name: 'flat 5 %', policy: { type: 'flat', rate: 0.05 } };

/** Ours with other settings. */
export function trustRule(
  trustUnits: number,
  floorPpm: number,
  { lagUnits, unitsEach }: Pick<Rule, 'lagUnits' | 'unitsEach'>,
): Rule {
  const limit = unitsEach === 0 ? 'free names' : `U=${unitsEach.toLocaleString('en')}`;
  const name = `T=${trustUnits}, p_min=${floorPpm / 1e4} %, W=${lagUnits}, ${limit}`;
  const policy: CheckPolicy = { type: 'trust', trustUnits, floorPpm };
  return { ...OURS, name, policy, lagUnits, unitsEach };
}

/** Ours where several verifiers share the checks. */
export function sharedRule(sharers: number, trustUnits?: number): Rule {
  const { policy } = OURS;
  if (policy.type === 'flat') throw new RangeError('a flat rate is not shared');
  const name = `ours${trustUnits === undefined ? '' : ` with T=${trustUnits}`}, shared by ${sharers}`;
  const shared = { ...policy, sharers, trustUnits: trustUnits ?? policy.trustUnits };
  return { ...OURS, name, policy: shared };
}

/** Ages after which the policy's threshold no longer falls. */
function kneeOf(policy: CheckPolicy): number {
  if (policy.type === 'flat') return 1;
  if (policy.floorPpm === 0) throw new RangeError('a policy without a floor has no last age');
  return Math.max(1, Math.ceil((policy.trustUnits * 1e6) / policy.floorPpm));
}

const tables = new WeakMap<Rule, Thresholds>();

/** Reads the real policy once for every n. */
export function tabulate(rule: Rule): Thresholds {
  const known = tables.get(rule);
  if (known !== undefined) return known;
  const secret = rule.secrets ?? sharersOf(rule.policy);
  const knee = kneeOf(rule.policy);
  const table: Thresholds = {
    high: new Uint32Array(knee + 1),
    low: new Uint32Array(knee + 1),
    always: new Uint8Array(knee + 1),
    rate: new Float64Array(knee + 1),
    runs: new Float64Array(knee + 1),
    runsSum: new Float64Array(knee + 1),
    exitSum: new Float64Array(knee + 1),
    draws: secret,
    knee,
  };
  for (let age = 1; age <= knee; age += 1) {
    const threshold = thresholdOf(rule, age);
    table.always[age] = threshold >= WHOLE ? 1 : 0;
    table.high[age] = Number((threshold % WHOLE) / WORD);
    table.low[age] = Number(threshold % WORD);
    const own = Number(threshold) / 2 ** 64;
    table.rate[age] = 1 - (1 - own) ** secret;
    const runs = own * sharersOf(rule.policy);
    table.runs[age] = runs;
    table.runsSum[age] = (table.runsSum[age - 1] ?? 0) + runs;
    table.exitSum[age] = (table.exitSum[age - 1] ?? 0) + exitRunsAt(rule, runs);
  }
  tables.set(rule, table);
  return table;
}

/** The threshold against which each of the rule's draws is held. */
function thresholdOf({ policy, divided = false }: Rule, age: number): bigint {
  if (!divided || policy.type === 'flat') return checkThreshold(policy, age);
  return checkThreshold({ ...policy, sharers: 1 }, age) / BigInt(sharersOf(policy));
}

/**
 * Whether a uniform 64-bit draw lies under the threshold of this age: the integer comparison, high
 * word first. The low word is drawn only where the high words are equal, which changes no chance.
 * The real keyed draw is tested where it lives; here it is a seeded uniform integer.
 */
export function isDrawn(table: Thresholds, age: number, word: () => number): boolean {
  const at = Math.min(age, table.knee);
  if (table.always[at] === 1) return true;
  const high = table.high[at] ?? 0;
  const low = table.low[at] ?? 0;
  for (let draw = 0; draw < table.draws; draw += 1) {
    const drawn = word();
    if (drawn < high || (drawn === high && word() < low)) return true;
  }
  return false;
}

/** The n of the next unit of this cost, after this much work; sums of costs are not exact. */
export const ageAt = (work: number, cost: number): number => Math.floor(work / cost + 1e-9) + 1;

export const rateAt = (table: Thresholds, age: number): number =>
  table.rate[Math.min(age, table.knee)] ?? 0;

/** The sum of a rate over the first `units` units, whole or not; past the knee each adds the same. */
export function sumTo(sums: Float64Array, units: number): number {
  const knee = sums.length - 1;
  const whole = Math.floor(Math.min(units, knee - 1));
  const [from = 0, to = 0] = [sums[whole], sums[whole + 1]];
  return from + (units - whole) * (to - from);
}

export const runsAt = (table: Thresholds, age: number): number =>
  table.runs[Math.min(age, table.knee)] ?? 0;

/** Chance that the exit check draws a unit of this age which its own draw did not take. */
export function exitRateAt({ exitRate }: Rule, rate: number): number {
  return rate < exitRate ? (exitRate - rate) / (1 - rate) : 0;
}

/** Executions that the exit check adds to a unit with `runs` of them expected, by all who share. */
export function exitRunsAt({ policy, exitRate }: Rule, runs: number): number {
  const sharers = sharersOf(policy);
  return Math.max(0, sharers * (1 - (1 - exitRate) ** (1 / sharers)) - runs);
}
