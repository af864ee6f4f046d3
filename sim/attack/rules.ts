import {
  CHECK_POLICY_DEFAULT,
  type CheckPolicy,
  checkThreshold,
  RELEASE_POLICY,
} from '#protocol/check-policy.ts';

const WORD = 1n << 32n;
const WHOLE = WORD * WORD;

/** A rule that decides checks by the age of an identity alone: its units since the last failure. */
export interface Rule {
  name: string;
  policy: CheckPolicy;
  /** Later units without a failure before a unit is released; 0 releases at once. */
  lagUnits: number;
  /** The rate at which units still unreleased are drawn once more when an identity leaves. */
  exitRate: number;
  /**
   * Several verifiers, each with a seed of its own; `secret` of the seeds are not known to the
   * adversary, who is right wherever a known seed draws. Each draws at p_n ÷ of (`third`), or at
   * 1 − (1 − p_n)^(1/of), so that together they reach p_n (`root`). Absent: one draw at p_n.
   */
  draws?: { of: number; secret: number; share: 'third' | 'root' };
}

/** `checkThreshold` of every age, as the two 32-bit words of the integer. */
export interface Thresholds {
  high: Uint32Array;
  low: Uint32Array;
  /** 1 where the threshold is 2^64 itself: every draw lies under it. */
  always: Uint8Array;
  /** How many independent draws a unit meets, each against the same threshold. */
  draws: number;
  /** Chance that at least one draw takes the unit, for expectations; never for a draw. */
  rate: Float64Array;
  /** The last age in the table; thresholds stay the same after it. */
  knee: number;
}

export const OURS: Rule = {
  name: 'ours',
  policy: CHECK_POLICY_DEFAULT,
  lagUnits: RELEASE_POLICY.lagUnits,
  exitRate: RELEASE_POLICY.exitPpm / 1e6,
};

/** The flat rate gets our release lag too: the two differ in the draw alone. */
export const FLAT: Rule = { ...OURS, name: 'flat 5 %', policy: { type: 'flat', rate: 0.05 } };

export function trustRule(trustUnits: number, floorPpm: number, lagUnits: number): Rule {
  const name = `T=${trustUnits}, p_min=${floorPpm / 1e4} %, W=${lagUnits}`;
  return { ...OURS, name, policy: { type: 'trust', trustUnits, floorPpm }, lagUnits };
}

/** Ages after which the policy's threshold no longer falls. */
function kneeOf(policy: CheckPolicy): number {
  if (policy.type === 'flat') return 1;
  if (policy.floorPpm === 0) throw new RangeError('a policy without a floor has no last age');
  return Math.max(1, Math.ceil((policy.trustUnits * 1e6) / policy.floorPpm));
}

const tables = new WeakMap<Rule, Thresholds>();

/** Reads the real policy once for every age. */
export function tabulate(rule: Rule): Thresholds {
  const known = tables.get(rule);
  if (known !== undefined) return known;
  const secret = rule.draws?.secret ?? 1;
  const knee = kneeOf(rule.policy);
  const table: Thresholds = {
    high: new Uint32Array(knee + 1),
    low: new Uint32Array(knee + 1),
    always: new Uint8Array(knee + 1),
    rate: new Float64Array(knee + 1),
    draws: secret,
    knee,
  };
  for (let age = 1; age <= knee; age += 1) {
    const threshold = thresholdOf(rule, age);
    table.always[age] = threshold >= WHOLE ? 1 : 0;
    table.high[age] = Number((threshold % WHOLE) / WORD);
    table.low[age] = Number(threshold % WORD);
    table.rate[age] = 1 - (1 - Number(threshold) / 2 ** 64) ** secret;
  }
  tables.set(rule, table);
  return table;
}

/** The threshold against which each of the rule's draws is held. */
function thresholdOf({ policy, draws }: Rule, age: number): bigint {
  const whole = checkThreshold(policy, age);
  if (draws === undefined) return whole;
  if (draws.share === 'third') return whole / BigInt(draws.of);
  const rate = 1 - (1 - Number(whole) / 2 ** 64) ** (1 / draws.of);
  return BigInt(Math.floor(rate * 2 ** 64));
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

export const rateAt = (table: Thresholds, age: number): number =>
  table.rate[Math.min(age, table.knee)] ?? 0;
